/* Unsaved text of a draft, kept in this browser: offered back after a crash, a closed tab or a lost session, to its writer alone. */
(() => {
  const $ = (s, r = document) => r.querySelector(s);
  const page = $('#draft'), form = $('#text');
  const prefix = `draft:${page.dataset.user}:${page.dataset.draft}:`;
  const KEPT_FOR = 14 * 24 * 3600 * 1000; // as long as a session

  const store = {
    put(name, text) { try { localStorage.setItem(prefix + name, JSON.stringify(text)); } catch { /* storage is closed or full: leaving asks all the same */ } },
    drop(name) { try { localStorage.removeItem(prefix + name); } catch { /* there is none */ } },
    all() {
      try {
        return Object.keys(localStorage).filter(key => key.startsWith(prefix))
          .map(key => ({ name: key.slice(prefix.length), ...JSON.parse(localStorage.getItem(key)) }))
          .sort((a, b) => b.at - a.at);
      } catch { return []; }
    },
  };

  // what the server has taken is no longer kept
  if (location.hash.startsWith('#kept-')) {
    store.drop(location.hash.slice(6));
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  document.addEventListener('click', e => {
    const name = e.target.closest('[data-drop-kept]')?.dataset.dropKept;
    if (name) store.drop(name);
  });
  if ('conflict' in page.dataset) return;

  // ---- the words of a text, to say how far two are apart
  const plain = html => {
    const body = new DOMParser().parseFromString(html, 'text/html').body;
    body.querySelectorAll('a.ref').forEach(x => x.remove());
    body.querySelectorAll('p, li, h2, h3, td, th, br, blockquote').forEach(x => x.after(' '));
    return body.textContent;
  };
  const words = text => (text.match(/\S+/g) || []);
  const more = (a, b) => { // words of a that b lacks
    const left = new Map();
    b.forEach(w => left.set(w, (left.get(w) || 0) + 1));
    return a.filter(w => { const n = left.get(w) || 0; if (n) left.set(w, n - 1); return !n; }).length;
  };

  let editor, timer, closed = false, first;
  const field = name => form.elements[name];
  const body = () => (editor ? editor.getHTML() : field('body_html').value);
  const written = () => ({ at: Date.now(), version: Number(field('version').value), recipients: field('recipients').value, subject: field('subject').value, body: body() });
  const same = (a, b) => a && b && ['recipients', 'subject', 'body'].every(name => a[name] === b[name]);

  const keep = () => {
    clearTimeout(timer);
    timer = undefined;
    if (closed) return;
    const text = written();
    if (same(text, first) && form.dataset.guard !== 'unsaved') store.drop(field('kept').value); else store.put(field('kept').value, text);
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(keep, 800); };

  if (form) {
    if (!field('kept').value) field('kept').value = [...crypto.getRandomValues(new Uint32Array(2))].map(n => n.toString(36)).join('').padEnd(6, '0');
    navigator.locks?.request(prefix + field('kept').value, () => new Promise(() => {})); // held for as long as the page lives: the text is in an open tab
    first = written();
    form.addEventListener('input', soon);
    form.addEventListener('submit', keep);
    addEventListener('pagehide', () => { if (timer) keep(); });
    document.addEventListener('visibilitychange', () => { if (document.hidden && timer) keep(); });
    if (form.dataset.guard === 'unsaved') keep();
    document.addEventListener('prose-editor:ready', e => {
      editor = e.detail.editor;
      first.body = body(); // as the editor writes it
      editor.on('update', soon);
      const asked = location.hash.startsWith('#restore-') && store.all().find(x => x.name === location.hash.slice(9));
      if (asked) { history.replaceState(history.state, '', location.pathname + location.search); restore(asked); }
    });
    // who cancels has decided; who signs out leaves nothing behind
    document.addEventListener('click', e => { if (e.target.closest('[data-cancel-text]')) closed = true; });
    addEventListener('pagehide', () => { if (closed) store.drop(field('kept').value); });
    form.addEventListener('input', () => { closed = false; });
    document.addEventListener('submit', e => { if (e.target.matches('[data-sign-out]')) closed = true; });
  }

  // ---- offering
  const time = at => { // in the zone of every other time on the page
    const timeZone = page.dataset.zone, then = new Date(at), day = d => d.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone });
    const clock = then.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone });
    return day(then) === day(new Date()) ? clock : `${day(then)}, ${clock}`;
  };
  const present = () => {
    if (form) return words(plain(first.body) + ' ' + first.subject);
    const shown = $('article[data-current]');
    return shown && words(plain(shown.innerHTML) + ' ' + plain(shown.closest('.editor').querySelector('p.line-field b').innerHTML));
  };
  const isCurrent = kept => kept.version === Number(page.dataset.version) && 'editable' in page.dataset;
  const says = kept => {
    const now = present(), then = words(plain(kept.body) + ' ' + kept.subject);
    const counts = now ? `+${more(then, now)} −${more(now, then)} words against the text here.` : '';
    return isCurrent(kept) ? counts : `${counts} The draft changed since: nothing is overwritten, you see both texts.`.trim();
  };

  function restore(kept) {
    field('recipients').value = kept.recipients;
    field('subject').value = kept.subject;
    if (editor) editor.commands.setContent(kept.body, { emitUpdate: true }); else field('body_html').value = kept.body;
    form.dispatchEvent(new Event('input', { bubbles: true }));
    keep();
    store.drop(kept.name);
    shownOf(kept.name)?.remove();
    (editor ? editor.view.dom : field('body_html')).focus();
  }

  const banner = (template, kept) => {
    const node = $(template).content.firstElementChild.cloneNode(true);
    node.dataset.kept = kept.name;
    $('time', node).textContent = time(kept.at);
    $('time', node).dateTime = new Date(kept.at).toISOString();
    $('[data-says]', node).textContent = says(kept);
    return node;
  };
  const shownOf = name => $(`#unsaved [data-kept="${name}"]`);

  const offer = kept => {
    const node = banner('#unsaved-text', kept);
    for (const [name, value] of Object.entries({ version: kept.version, recipients: kept.recipients, subject: kept.subject, body_html: kept.body, kept: kept.name })) node.elements[name].value = value;
    const button = $('[data-restore]', node);
    if (!isCurrent(kept)) button.textContent = 'Compare the two';
    node.addEventListener('submit', e => {
      if (!isCurrent(kept)) return;
      e.preventDefault();
      if (form) restore(kept); else location.assign(`${location.pathname}?mode=write#restore-${kept.name}`);
    });
    $('[data-drop]', node).addEventListener('click', () => { store.drop(kept.name); node.remove(); });
    $('#unsaved').append(node);
  };

  // Nobody restores or drops what another tab is being written in. Once that tab is gone, what it left is offered.
  const tell = async kept => {
    if (!navigator.locks) return offer(kept); // as over plain HTTP
    const isFree = await navigator.locks.request(prefix + kept.name, { ifAvailable: true }, Boolean);
    if (isFree) return offer(kept);
    $('#unsaved').append(banner('#elsewhere', kept));
    await navigator.locks.request(prefix + kept.name, () => {});
    shownOf(kept.name)?.remove();
    const left = store.all().find(x => x.name === kept.name);
    if (left) offer(left);
  };
  addEventListener('storage', e => { if (e.key?.startsWith(prefix) && e.newValue === null) shownOf(e.key.slice(prefix.length))?.remove(); });

  if (!$('#unsaved-text')) return;
  for (const kept of store.all().slice(0, 3)) {
    if (Date.now() - kept.at > KEPT_FOR) store.drop(kept.name);
    else if (kept.name !== form?.elements.kept.value && !(location.hash === `#restore-${kept.name}`)) tell(kept);
  }
})();
