import type { RunRecord } from '../../state/repositoryState';
import type { RepositoryView } from '../views';
import { type Html, html } from './html';
import { toAction, toPage, toSeconds, toTime, type Visit } from './layout';
import { toClass } from './overview';

/** The page of one repository, with its last runs, the newest first. */
export function toRepositoryPage(
  { state, condition }: RepositoryView,
  runs: readonly RunRecord[],
  visit: Visit,
): string {
  const { mirror, identity, path, destination, formerPaths, problem } = state;
  const fields = { mirror, identity };
  const main = html`
<p><a href="/">All mirrors</a></p>
<header><h1>${path}</h1><div class="actions">
${toAction('check', 'Check', visit, state)}
${toAction('mirror', 'Mirror now', visit, state)}
${state.isPaused ? toAction('resume', 'Resume', visit, state) : toAction('pause', 'Pause', visit, state)}
</div></header>
<p role="status" aria-live="polite"><span class="state ${toClass(condition)}">${condition}</span></p>
${problem === undefined ? '' : html`<p class="note">${problem.message}<br><strong>What to do:</strong> ${problem.remedy} [${problem.code}]</p>`}
<dl>
<dt>Mirror</dt><dd>${mirror}, as ${destination ?? 'not made yet'}</dd>
<dt>Identity at the source</dt><dd>${identity}</dd>
${formerPaths.length === 0 ? '' : html`<dt>Former names</dt><dd>${formerPaths.join(', ')}</dd>`}
<dt>Last verified</dt><dd>${toTime(state.verifiedAt)}</dd>
<dt>Last change</dt><dd>${toTime(state.changedAt)}</dd>
<dt>Next look</dt><dd>${toTime(state.dueAt)}</dd>
<dt>Refs</dt><dd>${state.refs ?? 'not known'}</dd>
</dl>
<div class="table"><table>
<caption>The last ${runs.length} runs</caption>
<thead><tr><th scope="col">Begun</th><th scope="col">Result</th><th scope="col">Refs changed</th><th scope="col">Took</th><th scope="col">Because</th><th scope="col">Log</th></tr></thead>
<tbody>${[...runs].reverse().map((run) => toRow(run, fields))}</tbody>
</table></div>`;
  return toPage(`${path} · Mirrors`, main, visit);
}

const because = {
  webhook: 'the host told of a push',
  asked: 'a person asked',
  due: 'its time had come',
  first: 'it was new',
} as const;

function toRow(run: RunRecord, fields: Readonly<Record<string, string>>): Html {
  const code = run.code === undefined ? '' : ` [${run.code}]`;
  const log = run.log === undefined ? undefined : new URLSearchParams({ ...fields, log: run.log }).toString();
  return html`<tr>
<th scope="row">${toTime(run.startedAt)}</th>
<td data-label="Result"><span class="state ${run.outcome === 'failed' ? 'failing' : 'equal'}">${run.outcome}</span>${code}</td>
<td data-label="Refs changed">${run.changes}</td>
<td data-label="Took">${toSeconds(run.took)}</td>
<td data-label="Because">${because[run.trigger]}</td>
<td data-label="Log">${log === undefined ? '' : html`<a href="/log?${log}">Log of this run</a>`}</td>
</tr>`;
}

/** The log of one run. */
export function toLogPage(path: string, back: string, text: string): string {
  const main = html`<p><a href="/repository?${back}">${path}</a></p><h1>Log of a run</h1><pre>${text}</pre>`;
  return toPage(`Log · ${path}`, main, { isLive: false });
}

export function toLoginPage(csrf: string, isWrong: boolean): string {
  const main = html`<h1>Log in</h1>
${isWrong ? html`<p role="alert">That is not the token.</p>` : ''}
<form method="post" action="/login"><input type="hidden" name="csrf" value="${csrf}">
<p><label>Token <input id="token" type="password" name="token" autocomplete="current-password" required autofocus></label></p>
<button type="submit">Log in</button></form>`;
  return toPage('Log in · Mirrors', main, { isLive: false });
}
