/* The draft page: what HTML and HTMX cannot do. The page works before this has loaded. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const form = $('[data-guard]');
  let editor;

  // leaving with unsaved text asks first, and the tools line says that it is unsaved
  if (form) {
    let dirty = form.dataset.guard === 'unsaved';
    const saved = $('[data-saved]'), words = $('[data-words]');
    const change = () => { dirty = true; saved.textContent = 'not saved yet'; };
    const count = text => { const n = (text.match(/\S+/g) || []).length; words.textContent = `${n} word${n === 1 ? '' : 's'}`; };
    form.addEventListener('input', change);
    form.addEventListener('submit', () => { dirty = false; });
    addEventListener('beforeunload', e => { if (dirty) e.preventDefault(); });
    document.addEventListener('prose-editor:ready', e => {
      editor = e.detail.editor;
      const text = editor.view.dom;
      text.setAttribute('aria-multiline', 'true');
      text.setAttribute('aria-label', 'Message');
      // the editor stands where the text field was: what pointed at the field points at it
      if (e.target.matches('[autofocus]')) text.focus();
      $$(`a[href="#${e.target.id}"]:not([data-find])`).forEach(a => a.addEventListener('click', c => { c.preventDefault(); text.focus(); }));
      editor.on('update', () => { change(); count(text.innerText); });
      const pressed = () => $$('.prose-menubar__button[data-name]', form).forEach(b => b.setAttribute('aria-pressed', b.classList.contains('active')));
      editor.on('transaction', () => setTimeout(pressed));
      asked();
    });
  }

  // a claim, selected where it stands in the editor or in the subject
  const nth = (text, quote, n) => { let at = -1; for (let i = 0; i <= n; i++) { const next = text.indexOf(quote, at < 0 ? 0 : at + quote.length); if (next < 0) break; at = next; } return at; };
  const find = link => {
    const quote = link.dataset.find.replace(/\s+/g, ' ').trim(), n = Number(link.dataset.nth), subject = $('#id_subject');
    if (link.dataset.where === 'subject') {
      const at = nth(subject.value, quote, n);
      subject.focus();
      if (at >= 0) subject.setSelectionRange(at, at + quote.length);
      return true;
    }
    if (!editor) return false;
    let text = '';
    const places = [], add = (letter, place) => { if (letter !== ' ' || !text.endsWith(' ')) { text += letter; places.push(place); } };
    editor.state.doc.descendants((node, pos) => {
      if (node.isText) for (let i = 0; i < node.text.length; i++) add(node.text[i].replace(/\s/, ' '), pos + i);
      else add(' ', pos);
    });
    const at = nth(text, quote, n);
    editor.view.dom.focus();
    if (at >= 0) {
      editor.commands.setTextSelection({ from: places[at], to: places[at + quote.length - 1] + 1 });
      editor.commands.scrollIntoView();
    }
    return true;
  };
  document.addEventListener('click', e => {
    const link = e.target.closest('[data-find]');
    if (link && find(link)) e.preventDefault();
  });
  // “Change it” leads here by the claim's key
  function asked() {
    const link = location.hash.startsWith('#claim-') && $(`[data-key="${CSS.escape(location.hash.slice(7))}"]`);
    if (link) find(link);
  }

  // a writing under way: the bar goes on between two answers of the server
  const start = new WeakMap();
  setInterval(() => {
    const said = $('[data-elapsed]');
    if (!said) return;
    if (!start.has(said)) start.set(said, performance.now() - Number(said.dataset.elapsed) * 1000);
    const usual = Number(said.dataset.usual), passed = Math.floor((performance.now() - start.get(said)) / 1000), percent = Math.min(Math.floor(100 * passed / usual), 95);
    said.textContent = passed > usual ? `${passed} s, longer than the usual ${usual} s` : `${passed} s of about ${usual} s`;
    const bar = said.closest('section').querySelector('[role=progressbar]');
    bar.setAttribute('aria-valuenow', percent);
    bar.querySelector('rect:last-child').setAttribute('width', percent);
  }, 500);

  // a download leaves the page as it was: fetch it again, now that the draft is in the mailbox
  document.addEventListener('submit', e => {
    if (e.target.hasAttribute('data-then-reload')) setTimeout(() => location.reload(), 1500);
  });

  // the draft arrived while somebody waited: say so
  document.addEventListener('htmx:afterSwap', e => {
    const news = $('#draft')?.dataset.news;
    if (news && e.target.id === 'draft') $('#draft-news').textContent = news;
  });
})();
