/* The queue: keys, ticks, the menu of a row, and where the keyboard is after a step. The page works without it. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const rows = () => $$('#queue tbody tr'), link = row => $('th a', row);
  const current = () => document.activeElement.closest('#queue tbody tr') || $('#queue tr[aria-current]');
  let last = 0, wanted = '', place = null, asker = null, ticked = [], along;

  const mark = row => { $$('#queue tr[data-at]').forEach(x => x.removeAttribute('data-at')); row.dataset.at = ''; last = rows().indexOf(row); };
  const go = step => {
    const all = rows(), at = all.indexOf(current());
    const to = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
    if (!to) return;
    link(to).focus();
    to.scrollIntoView({ block: 'nearest' });
    clearTimeout(along);
    // what is open beside the queue is always the row that the keyboard is at; not every one of many passed by
    if ($('#detail') && !to.matches('[aria-current]')) along = setTimeout(() => to.isConnected && link(to).click(), 120);
  };
  // who opens a menu or begins to write has stopped walking: a panel that comes late would close it under their hands
  const written = 'input:not([type=checkbox],[type=radio]), textarea, select';
  const stay = e => {
    if (!e.target.closest('#split')) return;
    clearTimeout(along);
    wanted = '';
    htmx.trigger('#main', 'htmx:abort');
  };
  document.addEventListener('beforetoggle', e => { if (e.newState === 'open') stay(e); }, true);
  document.addEventListener('focusin', e => { if (e.target.matches(written)) stay(e); });
  document.addEventListener('focusin', e => { const row = e.target.closest('#queue tbody tr'); if (row) mark(row); });

  // how many are ticked; all of a page by the box above them
  const count = () => {
    const ticks = $$('#queue tbody .tick input'), n = ticks.filter(x => x.checked).length, all = $('#queue [data-all]');
    const every = $('#bulk [name=all]');
    if (all) { all.checked = n > 0 && n === ticks.length; all.indeterminate = n > 0 && n < ticks.length; }
    if (every && !n) every.checked = false;
    const out = $('#bulk output');
    if (out) out.textContent = every?.checked ? every.parentElement.textContent.trim() : n ? `${n} selected` : 'None selected';
  };
  document.addEventListener('change', e => {
    if (e.target.matches('#queue [data-all]')) $$('#queue tbody .tick input').forEach(x => { x.checked = e.target.checked; });
    if (e.target.closest('#queue')) { ticked = $$('#queue tbody .tick :checked').map(x => x.value); count(); }
  });
  document.addEventListener('reset', e => { if (e.target.id === 'bulk') ticked = [], setTimeout(() => { count(); link(rows()[last] || rows()[0])?.focus(); }); });
  addEventListener('pageshow', count);

  // one menu for all rows: it learns which row it is for when it opens
  const menu = button => {
    const menu = $('#act'), base = link(button.closest('tr')).pathname, kept = link(button.closest('tr')).search;
    $$('[data-step]', menu).forEach(x => x.setAttribute('formaction', `${base}${x.dataset.step}/${kept}`));
    $$('[data-to=resolve]', menu).forEach(x => x.setAttribute('href', `${base}${kept}#resolve`));
    $('[data-to=account]', menu).setAttribute('href', button.dataset.menu);
    menu.showPopover({ source: button });
    $('button, a', menu).focus();
  };
  document.addEventListener('click', e => {
    const button = e.target.closest('#queue [data-menu]');
    if (button && !e.ctrlKey && !e.metaKey) { e.preventDefault(); menu(button); }
  });

  const resolving = () => {
    const form = $('#resolve');
    if (!form) return;
    if (form.matches('[popover]:not(:popover-open)')) form.showPopover({ source: $('[popovertarget=resolve]') });
    $('textarea', form).focus();
  };
  if (location.hash === '#resolve') addEventListener('load', resolving);

  // a row that a step moves elsewhere leaves the keyboard where it was, with the row that comes after it
  document.addEventListener('htmx:beforeRequest', e => {
    if (!e.target.closest('#split')) return;
    const row = $(`#queue tr[data-pk="${e.detail.requestConfig.path.match(/\/(\d+)\//)?.[1]}"]`);
    clearTimeout(along);
    asker = !document.activeElement.closest('#queue') && e.target.closest('#detail') && (e.target.id || e.target.getAttribute('action'));
    place = e.target.id === 'one' && row && !row.matches('[aria-current]') ? rows().indexOf(row) : null;
  });

  // what was ticked stays so while another one is opened, however many parts follow each other; a step is about what was ticked, so ends it
  document.addEventListener('htmx:beforeSwap', e => { if (e.detail.requestConfig.verb !== 'get') ticked = []; });
  const tick = () => { $$('#queue tbody .tick input').forEach(x => { x.checked ||= ticked.includes(x.value); }); count(); };
  document.addEventListener('htmx:afterSwap', tick);

  // the control of the detail that asked, or the detail where that is gone: a menu has closed, so its button
  const back = name => {
    const form = document.getElementById(name) || $(`#detail form[action="${name}"]`);
    return form && (form.popover ? $(`#detail [popovertarget="${form.id}"]`) : $('button', form)) || $('#detail');
  };

  // after a part was swapped: what was asked for, else the control that asked, else its row, else the one now in its place
  document.addEventListener('htmx:afterSettle', e => {
    if (!$('#split') || e.detail.target?.id !== 'split' && e.detail.elt?.id !== 'split') return;
    tick();
    const wrong = $('#split [aria-invalid=true]');
    if (wanted === 'resolve') resolving();
    else if (place !== null && rows().length) link(rows()[Math.min(place, rows().length - 1)]).focus();
    else if (wrong) wrong.focus();
    else if (asker && $('#detail')) back(asker).focus();
    else if (!document.activeElement.closest('#split') || !document.activeElement.checkVisibility() || document.activeElement.matches('header .end')) {
      const row = $('#queue tr[aria-current]') || rows()[Math.min(last, rows().length - 1)];
      if (row && link(row).checkVisibility()) link(row).focus();
      else ($('#detail') || $('#main')).focus();
    }
    wanted = '';
    place = null;
  });

  // what a step did, in words
  document.addEventListener('told', e => {
    const node = $('#toast').content.firstElementChild.cloneNode(true);
    node.dataset.rag = e.detail.done ? 'g' : 'a';
    node.setAttribute('role', 'status');
    $('use', node).setAttribute('href', e.detail.done ? '#i-check' : '#i-warn');
    $$('#toasts [role=status]').forEach(x => x.remove());
    $('#toasts').append(node);
    $('p', node).textContent = e.detail.text;
  });

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    x: () => $('.tick input', current())?.click(),
    a: () => {
      const row = document.activeElement.closest('#detail') ? null : current();
      const there = row && $('[data-key=a]', row), open = !row || row.matches('[aria-current]');
      (there || open && $('#detail .primary[data-key=a]'))?.click();
    },
    r: () => {
      const row = current();
      if (!$('#act [data-to=resolve]')) return;
      if (!row || row.matches('[aria-current]')) return resolving();
      wanted = 'resolve';
      link(row).click();
    },
    '?': () => $('#shortcuts').togglePopover(),
    Enter: e => { if (e.target.matches('body, main, #detail, .tick input')) link(current())?.click(); },
  };
  document.addEventListener('keydown', e => {
    const t = e.target, typing = t.closest(`${written}, [contenteditable], [popover]`);
    if (typing || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || !$('#queue') || !keys[e.key]) return;
    if (e.key !== 'Enter' && !$('#keys')?.checked) return;
    if (['x', 'Enter'].includes(e.key) && !current()) return;
    if (e.key !== 'Enter' || t.matches('body, main, #detail, .tick input')) e.preventDefault();
    keys[e.key](e);
  });
})();
