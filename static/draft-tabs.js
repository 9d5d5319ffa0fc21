/* A draft open in several tabs, or by several people: a tab that shows an older state says so. Hidden tabs ask nothing. */
(() => {
  const page = () => document.getElementById('draft'), box = () => document.getElementById('other-tabs');
  const isWriting = () => Boolean(document.getElementById('text'));
  let told = 0, asking = false;

  const look = async () => {
    const { draft, look: url, version } = page().dataset;
    // a draft that is being written is asked for as a whole already
    if (document.hidden || asking || page().hasAttribute('hx-get') || !draft) return;
    asking = true;
    try {
      const answer = await fetch(`${url}?seen=${Math.max(told, Number(version))}${isWriting() ? '&mode=write' : ''}`, { redirect: 'manual' });
      if (answer.type === 'opaqueredirect') signedOut();
      else if (answer.status === 200) tell(await answer.text());
      else if (answer.status === 204 && box().dataset.state === 'signed-out') say('', '');
    } catch { /* no connection: the next time */ } finally { asking = false; }
  };
  const say = (state, html) => { if (state !== 'signed-out' || box().dataset.state !== state) { box().dataset.state = state; box().innerHTML = html; } };
  const tell = html => { say('news', html); told = Number(box().querySelector('[data-version]').dataset.version); };
  const signedOut = () => { if (isWriting()) say('signed-out', document.getElementById('signed-out').innerHTML); };

  setInterval(look, 15000);
  document.addEventListener('visibilitychange', look);
  // a page that comes back as it was kept by the browser, after a step was taken
  addEventListener('pageshow', e => { if (e.persisted) look(); });

  if (!('BroadcastChannel' in window)) return;
  const channel = new BroadcastChannel('tamdash-drafts');
  const announce = () => channel.postMessage({ draft: page().dataset.draft, version: Number(page().dataset.version) });
  channel.addEventListener('message', e => {
    if (e.data.draft === page().dataset.draft && e.data.version > Math.max(told, Number(page().dataset.version))) look();
  });
  announce();
  document.addEventListener('htmx:afterSwap', e => { if (e.target.id === 'draft') announce(); });
})();
