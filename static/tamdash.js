/* tamdash: the little that HTML and HTMX cannot do. Every page works before this has loaded. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;
  const cookie = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };

  // single-key shortcuts can be turned off (WCAG 2.1.4)
  const keys = $('#keys');
  try { if (keys) keys.checked = localStorage.getItem('keys') !== 'off'; } catch { /* storage is closed: they stay on */ }

  document.addEventListener('change', e => {
    const t = e.target;
    if (t.name === 'theme') {
      if (t.value) root.dataset.theme = t.value; else delete root.dataset.theme;
      cookie('theme', t.value);
    }
    if (t === keys) try { localStorage.setItem('keys', t.checked ? 'on' : 'off'); } catch { /* not kept */ }
    if (t.matches('#figures')) root.toggleAttribute('data-figures', t.checked);
  });

  document.addEventListener('click', e => {
    e.target.closest('[data-dismiss]')?.closest('.toast').remove();
  });

  // a press of a button that starts something shows at once, and a second press does nothing
  let going = new WeakSet();
  document.addEventListener('submit', e => {
    const form = e.target, button = e.submitter;
    if (!button || form.hasAttribute('data-download')) return;
    if (!e.defaultPrevented) { // what htmx sends is prevented already, and its answer may come and go on this page
      if (going.has(form)) { e.preventDefault(); return; }
      going.add(form);
      setTimeout(() => going.delete(form), 10000); // an answer that never came can be asked for again
    }
    setTimeout(() => button.setAttribute('aria-busy', 'true'));
    setTimeout(() => button.removeAttribute('aria-busy'), 10000);
  });
  addEventListener('pageshow', () => { going = new WeakSet(); $$('[aria-busy="true"]').filter(x => x.matches('button')).forEach(x => x.removeAttribute('aria-busy')); });

  // who signs out takes along the text they kept in this browser
  document.addEventListener('submit', e => {
    const user = e.target.dataset.signOut;
    if (!user) return;
    try { Object.keys(localStorage).filter(key => key.startsWith(`draft:${user}:`)).forEach(key => localStorage.removeItem(key)); } catch { /* storage is closed: there is none */ }
  });

  // what the server could not answer is said, with what to do
  const toast = text => {
    const node = $('#toast').content.firstElementChild.cloneNode(true);
    $('p', node).textContent = text;
    $('#toasts').append(node);
    $$('button[aria-busy="true"]').forEach(x => x.removeAttribute('aria-busy'));
  };
  document.addEventListener('htmx:sendError', () => toast('The server could not be reached. Nothing was changed. Check the connection and try again.'));
  document.addEventListener('htmx:timeout', () => toast('The server took too long. Reload the page to see whether it was done.'));
  document.addEventListener('htmx:responseError', e => {
    const code = e.detail.xhr.status;
    toast(code === 403 ? 'You may not change this. Its owner or a manager can.'
      : code === 404 ? 'This is no longer here. Reload the page.'
      : code === 429 ? 'Too many tries. Wait a minute, then try again.'
      : 'Something went wrong on the server. Nothing was changed. Try again; if it stays, tell an admin the time.');
  });

  // a part that was swapped keeps the keyboard: a form at its first or first wrong field, a list at its button
  document.addEventListener('htmx:afterSettle', e => {
    if (document.activeElement !== document.body || !e.detail.target) return;
    const part = document.getElementById(e.detail.target.id);
    part?.querySelector('[data-form] [aria-invalid=true], [data-form] :is(input:not([type=hidden]), select, textarea), header .end')?.focus();
  });
  // an answer to boxes that were ticked otherwise meanwhile is dropped: the one to the boxes of now follows
  document.addEventListener('htmx:beforeSwap', e => {
    const asked = e.detail.requestConfig?.formData, form = e.detail.requestConfig?.elt;
    if (!asked || !form?.matches('form.path')) return;
    const ticks = data => [...data.getAll('resolve'), data.has('heartbeat')].join();
    if (ticks(asked) !== ticks(new FormData(form))) e.detail.shouldSwap = false;
  });

  document.addEventListener('said', e => { $('#said').textContent = e.detail.text; });

  // a list that is unfolded says so to the server, so that it comes back unfolded
  document.addEventListener('toggle', e => {
    const said = $(':scope > [data-unfolded]', e.target);
    if (said) said.disabled = !e.target.open;
  }, true);

  // keys: "/" to search, arrows between tiles
  document.addEventListener('keydown', e => {
    const t = e.target, typing = t.closest('input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]');
    const search = $('.topbar input[type=search]');
    if (e.key === 'Escape') t.closest('[data-form]')?.querySelector('[data-cancel]')?.click();
    if (e.key === '/' && !typing && keys?.checked && search) { e.preventDefault(); search.focus(); }
    if (t.matches('.tile') && e.key.startsWith('Arrow')) {
      const b = t.getBoundingClientRect(), vertical = /Up|Down/.test(e.key), d = /Up|Left/.test(e.key) ? -1 : 1, all = $$('.tile');
      let to = all[all.indexOf(t) + d];
      if (vertical) {
        const cost = r => Math.abs(r.top - b.top) * 4 + Math.abs((r.left + r.right - b.left - b.right) / 2);
        to = all.map(x => [x, x.getBoundingClientRect()]).filter(([, r]) => (d > 0 ? r.top >= b.bottom : r.bottom <= b.top))
          .sort((x, y) => cost(x[1]) - cost(y[1]))[0]?.[0];
      }
      if (to) { e.preventDefault(); to.focus(); }
    }
  });
})();
