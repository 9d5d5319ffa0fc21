/* The draft page: what HTML and HTMX cannot do. The page works before this has loaded. */
(() => {
  // leaving with unsaved text asks first, and the tools line says that it is unsaved
  const form = document.querySelector('[data-guard]');
  if (form) {
    let dirty = form.dataset.guard === 'unsaved';
    const saved = document.querySelector('[data-saved]'), words = document.querySelector('[data-words]');
    const change = () => { dirty = true; saved.textContent = 'not saved yet'; };
    const count = text => { const n = (text.match(/\S+/g) || []).length; words.textContent = `${n} word${n === 1 ? '' : 's'}`; };
    form.addEventListener('input', change);
    form.addEventListener('submit', () => { dirty = false; });
    addEventListener('beforeunload', e => { if (dirty) e.preventDefault(); });
    document.addEventListener('prose-editor:ready', e => {
      const { editor } = e.detail, text = editor.view.dom;
      text.setAttribute('aria-multiline', 'true');
      text.setAttribute('aria-label', 'Message');
      // the editor stands where the text field was: what pointed at the field points at it
      if (e.target.matches('[autofocus]')) text.focus();
      document.querySelectorAll(`a[href="#${e.target.id}"]`).forEach(a => a.addEventListener('click', c => { c.preventDefault(); text.focus(); }));
      editor.on('update', () => { change(); count(text.innerText); });
      const pressed = () => form.querySelectorAll('.prose-menubar__button[data-name]').forEach(b => b.setAttribute('aria-pressed', b.classList.contains('active')));
      editor.on('transaction', () => setTimeout(pressed));
    });
  }

  // a download leaves the page as it was: fetch it again, now that the draft is in the mailbox
  document.addEventListener('submit', e => {
    if (e.target.hasAttribute('data-then-reload')) setTimeout(() => location.reload(), 1500);
  });

  // the draft arrived while somebody waited: say so
  document.addEventListener('htmx:afterSwap', e => {
    const news = document.querySelector('#draft')?.dataset.news;
    if (news && e.target.id === 'draft') document.querySelector('#draft-news').textContent = news;
  });
})();
