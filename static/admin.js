// The box of select2 takes no name from the label of the list that it stands for. Runs after Django's own script has made the boxes.
globalThis.django?.jQuery?.(() => {
  for (const list of document.querySelectorAll('select.admin-autocomplete')) {
    const name = list.labels[0]?.textContent.trim().replace(/:$/, '');
    const box = document.getElementById(`select2-${list.id}-container`);
    if (name && box) box.setAttribute('aria-label', name);
  }
});
