import { type Html, html } from './html';
import type { Action } from './pageService';

/** What every page of one visitor has. */
export interface Visit {
  /** Proves that a form comes from a page of ours. */
  readonly csrf: string;
  readonly isLive: boolean;
  /** What can be done. */
  readonly actions: ReadonlySet<Action>;
}

export function toPage(title: string, main: Html, { isLive }: Pick<Visit, 'isLive'>): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/style.css">
${isLive ? html`<script src="/page.js" defer></script>` : ''}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`;
  return page.text;
}

/** A button that does something: a form of its own, as it works without JavaScript. */
export function toAction(
  action: Action,
  label: string,
  visit: Pick<Visit, 'csrf' | 'actions'>,
  subject?: Subject,
): Html {
  if (!visit.actions.has(action)) return html``;
  return html`<form method="post" action="/${action}">${toCsrf(visit.csrf)}${toButton(action, label, visit, subject)}</form>`;
}

/** The repository that a button is about. */
export interface Subject {
  readonly mirror: string;
  readonly identity: string;
  readonly path: string;
}

/** A button in a form with other ones. */
export function toButton(
  action: Action,
  label: string,
  { actions }: Pick<Visit, 'actions'>,
  subject?: Subject,
): Html {
  if (!actions.has(action)) return html``;
  if (subject === undefined) return html`<button type="submit">${label}</button>`;
  const { mirror, identity, path } = subject;
  return html`<button formaction="/${action}" name="repository" value="${mirror} ${identity}" aria-label="${label}: ${path}">${label}</button>`;
}

export function toCsrf(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

/** A moment as people read it, and as a machine does. */
export function toTime(milliseconds: number | undefined): Html {
  if (milliseconds === undefined) return html`never`;
  const iso = new Date(milliseconds).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

export function toSeconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
