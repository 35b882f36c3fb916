/* Takes docs/page.png: the status page with a small fleet, in Debian's Chromium. */
import { chromium } from 'playwright-core';
import { style } from '../../src/fleet/service/page/assets';
import { toOverview } from '../../src/fleet/service/page/overview';
import { actions } from '../../src/fleet/service/page/pageService';
import type { Condition, FleetView } from '../../src/fleet/service/views';
import { toNewState } from '../../src/fleet/state/repositoryState';

const at = (text: string) => Date.parse(`2026-11-26T${text}:00Z`);

const rows: readonly (readonly [string, Condition, string, string, number, number, string?])[] = [
  ['acme/legacy', 'failing', '07:31', '07:30', 12, 900, 'The source refuses the token.'],
  ['acme/app', 'mirroring', '08:59', '08:58', 148, 2_400],
  ['acme/web', 'equal', '09:00', '08:12', 63, 1_100],
  ['acme/infra', 'equal', '08:57', '06:40', 21, 800],
  ['acme/docs', 'equal', '08:44', '07:05', 9, 600],
];

const view: FleetView = {
  isStopped: false,
  mirrors: [
    {
      name: 'github-acme',
      title: 'github acme → codecommit eu-west-1',
      state: { mirror: 'github-acme', listedAt: at('08:55') },
    },
  ],
  repositories: rows.map(([path, condition, verified, changed, refs, took, message]) => ({
    condition,
    state: {
      ...toNewState('github-acme', `github.com#${path.length}`, path),
      destination: path.replace('acme/', 'acme-'),
      verifiedAt: at(verified),
      changedAt: at(changed),
      refs,
      ...(message && {
        problem: { code: 'source-unauthorised', message, remedy: 'Give it access to this repository.' },
      }),
    },
    lastRun: { startedAt: at(verified), took, trigger: 'due', outcome: 'equal', changes: 0 },
  })),
};

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, deviceScaleFactor: 1 });
const text = toOverview(
  view,
  { search: '', state: '', page: 1 },
  { csrf: '', isLive: false, actions: new Set(actions) },
);
await page.setContent(text.replace('<link rel="stylesheet" href="/style.css">', `<style>${style}</style>`));
await page.screenshot({ path: 'docs/page.png' });
await browser.close();
