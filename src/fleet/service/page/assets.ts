/** Light and dark as the reader's system is; every colour on its background has a contrast of 4.5 or more. */
export const style = `
:root { color-scheme: light dark; --line: #8a8f98; --soft: #f2f3f5; --bad: #a8071a; --good: #135200; --busy: #0050b3; --ink: #1a1d21; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #7c828c; --soft: #23272e; --bad: #ff9c9c; --good: #95de64; --busy: #91caff; --ink: #e8eaed; --paper: #15181c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 84rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--busy); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; }
:focus-visible { outline: 3px solid var(--busy); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
header, form.filter, .actions, nav.pages { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin: .75rem 0; }
header { justify-content: space-between; }
button, input, select, .button { font: inherit; min-height: 2.25rem; padding: .25rem .75rem; border: 1px solid var(--line); border-radius: .35rem; background: var(--soft); color: inherit; }
button:hover { border-color: var(--busy); }
.mirrors { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); padding: 0; list-style: none; }
.mirrors li { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; } .mirrors h2, .mirrors p { margin: 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); }
td:last-child, time { white-space: nowrap; }
.state { font-weight: 600; white-space: nowrap; } .failing, .blocked { color: var(--bad); } .equal { color: var(--good); } .mirroring, .waiting { color: var(--busy); }
.problem { display: block; max-width: 40rem; overflow-wrap: anywhere; } .note { overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  thead { position: absolute; left: -99rem; }
  tr { display: block; border-bottom: 2px solid var(--line); padding: .5rem 0; }
  td, th[scope=row] { display: block; border: 0; padding: .15rem 0; }
  td[data-label]::before { content: attr(data-label) ": "; font-weight: 600; }
}
`;

/** Loads the page again when something has changed and nobody is typing. Without it the page works as well. */
export const script = `
const changed = new EventSource('/events');
let waiting;
changed.addEventListener('changed', () => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 500);
});
async function refresh() {
  const typing = document.activeElement && document.activeElement.matches('input, select');
  if (typing || document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
  const focused = document.activeElement && document.activeElement.id;
  if (fresh) document.querySelector('main').replaceWith(fresh);
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
}
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
`;
