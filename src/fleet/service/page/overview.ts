import { conditions, type FleetView, type MirrorView, type RepositoryView } from '../views';
import { type Html, html } from './html';
import { toAction, toButton, toCsrf, toPage, toSeconds, toTime, type Visit } from './layout';

/** What a reader asked to see, from the query of the URL. */
export interface Filter {
  readonly search: string;
  /** A condition; empty for all. */
  readonly state: string;
  /** From 1 on. */
  readonly page: number;
}

const rowsAPage = 100;

export function parseFilter(query: URLSearchParams): Filter {
  const page = Number(query.get('page') ?? '1');
  return {
    search: (query.get('search') ?? '').trim(),
    state: query.get('state') ?? '',
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The page of all mirrors. */
export function toOverview(view: FleetView, filter: Filter, visit: Visit): string {
  const found = view.repositories.filter((each) => isWanted(each, filter));
  const pages = Math.max(1, Math.ceil(found.length / rowsAPage));
  const page = Math.min(filter.page, pages);
  const rows = found.slice((page - 1) * rowsAPage, page * rowsAPage);
  const main = html`
<header><h1>Mirrors</h1><div class="actions">
${toAction('mirror-all', 'Mirror all', visit)}
${toAction('check-all', 'Check all', visit)}
${toAction('list', 'Look for new ones', visit)}
${view.isStopped ? toAction('resume-all', 'Resume all', visit) : toAction('stop-all', 'Stop all', visit)}
</div></header>
${view.isStopped ? html`<p role="status"><strong>Everything is stopped.</strong> Nothing is mirrored until it is resumed.</p>` : ''}
<p role="status" aria-live="polite">${toCounts(view)}</p>
<ul class="mirrors">${view.mirrors.map((mirror) => toMirror(mirror, view, visit))}</ul>
<form class="filter" method="get" action="/" role="search">
<label>Search <input id="search" type="search" name="search" value="${filter.search}"></label>
<label>State <select id="state" name="state"><option value="">all</option>${conditions.map((each) => toOption(each, filter.state))}</select></label>
<button type="submit">Show</button>
</form>
<form class="table" method="post" action="/mirror">${toCsrf(visit.csrf)}<table>
<caption>${toCaption(found.length, view.repositories.length, page, pages)}</caption>
<thead><tr><th scope="col">Repository</th><th scope="col">State</th><th scope="col">Last verified</th><th scope="col">Last change</th><th scope="col">Refs</th><th scope="col">Took</th><th scope="col">Actions</th></tr></thead>
<tbody>${rows.map((row) => toRow(row, visit))}</tbody>
</table></form>
${pages > 1 ? toPages(page, pages, filter) : ''}`;
  return toPage('Mirrors', main, visit);
}

function isWanted({ state, condition }: RepositoryView, { search, state: wanted }: Filter): boolean {
  if (wanted !== '' && condition !== wanted) return false;
  const text = `${state.mirror} ${state.path} ${state.destination ?? ''}`.toLowerCase();
  return text.includes(search.toLowerCase());
}

function toCounts({ repositories }: FleetView): string {
  const parts = conditions.flatMap((each) => {
    const count = repositories.filter(({ condition }) => condition === each).length;
    return count === 0 ? [] : `${count} ${each}`;
  });
  return parts.length === 0 ? 'No repository is known yet.' : parts.join(', ');
}

function toMirror({ name, title, state }: MirrorView, { repositories }: FleetView, visit: Visit): Html {
  const own = repositories.filter((each) => each.state.mirror === name).length;
  const problem = state?.problem;
  const isShrunken = problem?.code === 'fleet-listing-shrunken';
  return html`<li><h2>${name}</h2><p class="note">${title}<br>${own} repositories; listed ${toTime(state?.listedAt)}</p>${
    problem === undefined
      ? ''
      : html`<p class="failing note"><strong>${isShrunken ? 'Listing not believed:' : "Can't be listed:"}</strong> ${problem.message}<br>${problem.remedy}</p>`
  }${isShrunken ? toAction('accept-listing', 'Accept the listing', visit, { mirror: name, identity: '', path: name }) : ''}</li>`;
}

function toOption(condition: string, chosen: string): Html {
  return condition === chosen
    ? html`<option selected>${condition}</option>`
    : html`<option>${condition}</option>`;
}

function toCaption(found: number, all: number, page: number, pages: number): string {
  const some = found === all ? `${all} repositories` : `${found} of ${all} repositories`;
  return pages === 1 ? some : `${some}, page ${page} of ${pages}`;
}

/** The class of a state in the style sheet. */
export function toClass(condition: string): string {
  return condition.replace(/\W/g, '-');
}

function toRow({ state, condition, lastRun }: RepositoryView, visit: Visit): Html {
  const { mirror, identity, path, destination } = state;
  const query = new URLSearchParams({ mirror, identity }).toString();
  return html`<tr>
<th scope="row"><a href="/repository?${query}">${path}</a><br>${destination === undefined ? '' : `→ ${destination}`}</th>
<td data-label="State"><span class="state ${toClass(condition)}">${condition}</span>${
    state.problem === undefined
      ? ''
      : html`<span class="problem">${state.problem.message} ${state.problem.remedy}</span>`
  }</td>
<td data-label="Last verified">${toTime(state.verifiedAt)}</td>
<td data-label="Last change">${toTime(state.changedAt)}</td>
<td data-label="Refs">${state.refs ?? ''}</td>
<td data-label="Took">${lastRun === undefined ? '' : toSeconds(lastRun.took)}</td>
<td>${toButton('check', 'Check', visit, state)} ${toButton('mirror', 'Mirror now', visit, state)} ${
    state.isPaused ? toButton('resume', 'Resume', visit, state) : toButton('pause', 'Pause', visit, state)
  }</td>
</tr>`;
}

function toPages(page: number, pages: number, { search, state }: Filter): Html {
  const to = (number: number) => `/?${new URLSearchParams({ search, state, page: String(number) })}`;
  const before = page > 1 ? html`<a class="button" rel="prev" href="${to(page - 1)}">Previous page</a>` : '';
  const after = page < pages ? html`<a class="button" rel="next" href="${to(page + 1)}">Next page</a>` : '';
  return html`<nav class="pages" aria-label="Pages">${before}<span>Page ${page} of ${pages}</span>${after}</nav>`;
}
