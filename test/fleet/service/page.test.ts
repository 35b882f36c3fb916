// @module-tag slow
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openListener } from '../../../src/fleet/service/listener';
import { createAccess } from '../../../src/fleet/service/page/access';
import { script, style } from '../../../src/fleet/service/page/assets';
import { toOverview } from '../../../src/fleet/service/page/overview';
import { actions } from '../../../src/fleet/service/page/pageService';
import { conditions, type FleetView } from '../../../src/fleet/service/views';
import { toNewState } from '../../../src/fleet/state/repositoryState';
import { browserAvailable, openBrowser } from '../../servers/browser';
import { grow } from '../../servers/git';
import { openServed, until } from './served';

/** Four thousand repositories in every state, with names that try to be HTML. */
const many: FleetView = {
  isStopped: false,
  mirrors: [
    { name: 'acme', title: 'github acme → codecommit eu-west-1', state: { mirror: 'acme', listedAt: 0 } },
  ],
  repositories: Array.from({ length: 4_000 }, (_, index) => {
    const condition = conditions[index % conditions.length] ?? 'equal';
    const problem = { code: 'timed-out', message: '<b>silent</b>', remedy: 'Run again.' };
    const state = toNewState('acme', `github.com#${index}`, `acme/app-${index}<script>`);
    return {
      state: { ...state, destination: `app-${index}`, ...(condition === 'failing' && { problem }) },
      condition,
      lastRun: undefined,
    };
  }),
};

describe.runIf(browserAvailable())('the status page in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  /** A page in which nothing is given up by the clock: the test's own end is the only one. */
  async function openPage(options?: BrowserContextOptions): Promise<Page> {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(0);
    return page;
  }

  /** Does what opens another page (a link, a form), until that page is whole: a click alone ends before. */
  async function open(page: Page, act: () => Promise<unknown>): Promise<void> {
    await Promise.all([page.waitForEvent('load'), act()]);
  }

  /** What axe finds, in both colour schemes. */
  async function findFaults(page: Page): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // The page's own policy lets no foreign script in: this one is the test's.
      await page.evaluate(axe.source);
      const found = await page.evaluate('axe.run()');
      const { violations } = found as { violations: { id: string; nodes: { html: string }[] }[] };
      faults.push(...violations.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes[0]?.html}`));
    }
    return faults;
  }

  test('every action, by keyboard alone, while the page follows what happens', async () => {
    await using served = await openServed((hosts) => hosts.add('app', 'main'));
    const page = await openPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(served.page);
    const row = page.locator('tbody tr');
    await row.locator('.equal').waitFor();
    expect(await findFaults(page)).toEqual([]);
    const press = async (name: string) => {
      await page.getByRole('button', { name, exact: true }).focus();
      await open(page, () => page.keyboard.press('Enter'));
    };
    await page.goto(`${served.page}/?search=app`);
    await press('Pause: acme/app');
    await row.getByText('paused', { exact: true }).waitFor();
    // Back on the page that the form was sent from.
    expect(page.url()).toBe(`${served.page}/?search=app`);
    await press('Resume: acme/app');
    const path = await served.hosts.github.repositories.path(
      served.hosts.github.repositories.all[0] ?? (Promise.reject(new Error('no repository')) as never),
    );
    await grow(path, 'main');
    await press('Mirror now: acme/app');
    const mirror = (await served.hosts.mirrorOf('app')) ?? '';
    const { readRefs } = await import('../../servers/git');
    await until(
      async () => (await readRefs(mirror))['refs/heads/main'] === (await readRefs(path))['refs/heads/main'],
    );
    await row.locator('.equal').waitFor();
    await grow(path, 'other');
    await press('Check: acme/app');
    await row.getByText('behind', { exact: true }).waitFor();
    await press('Mirror all');
    await row.locator('.equal').waitFor();
    await press('Check all');
    await press('Stop all');
    await page.getByText('Everything is stopped.').waitFor();
    await press('Resume all');
    await open(page, () => page.getByRole('link', { name: 'acme/app' }).click());
    await page.getByRole('heading', { name: 'acme/app' }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    await open(page, () => page.getByRole('link', { name: 'Log of this run' }).first().click());
    await page.getByRole('heading', { name: 'Log of a run' }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  /** The overview of these repositories, without a service behind it. */
  async function openMany() {
    const access = createAccess(undefined, false, Date.now);
    return await openListener({
      address: '127.0.0.1',
      port: 0,
      async answer(request, response) {
        const url = new URL(request.url ?? '/', 'http://page');
        const { csrf } = access.csrfOf(request);
        if (url.pathname === '/style.css') response.setHeader('Content-Type', 'text/css').end(style);
        else if (url.pathname === '/page.js')
          response.setHeader('Content-Type', 'text/javascript').end(script);
        else if (url.pathname === '/') {
          const { parseFilter } = await import('../../../src/fleet/service/page/overview');
          const text = toOverview(many, parseFilter(url.searchParams), {
            csrf,
            isLive: false,
            actions: new Set(actions),
          });
          response.setHeader('Content-Type', 'text/html; charset=utf-8').end(text);
        } else response.writeHead(404).end();
      },
    });
  }

  test('4,000 repositories: pages, search and states, on a phone too, without JavaScript', async () => {
    await using listener = await openMany();
    const page = await openPage({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
    await page.goto(listener.url);
    expect(await page.locator('tbody tr').count()).toBe(100);
    await open(page, () => page.getByRole('link', { name: 'Next page' }).click());
    expect(await page.getByText('Page 2 of 40', { exact: true }).count()).toBe(1);
    await page.getByLabel('State').selectOption('failing');
    await open(page, () => page.getByRole('button', { name: 'Show' }).click());
    expect(await page.locator('tbody tr .state').allTextContents()).toEqual(Array(100).fill('failing'));
    await page.getByLabel('Search').fill('app-11<');
    await open(page, () => page.getByRole('button', { name: 'Show' }).click());
    expect(await page.locator('tbody th').allTextContents()).toEqual([
      expect.stringContaining('acme/app-11<script>'),
    ]);
    await page.close();

    const wide = await openPage({ viewport: { width: 360, height: 740 } });
    const sizes: Promise<number>[] = [];
    wide.on('response', (response) => sizes.push(response.body().then((body) => body.length)));
    await wide.goto(listener.url);
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await wide.evaluate(overflow)).toBeLessThanOrEqual(0);
    expect(await findFaults(wide)).toEqual([]);
    // The page and its style.
    const received = await Promise.all(sizes);
    expect(received).toHaveLength(2);
    expect(received.reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
    if (process.env['SCREENSHOTS'] !== undefined) {
      await wide.screenshot({ path: `${process.env['SCREENSHOTS']}/phone.png` });
      await wide.setViewportSize({ width: 1280, height: 900 });
      await wide.emulateMedia({ colorScheme: 'light' });
      await wide.screenshot({ path: `${process.env['SCREENSHOTS']}/light.png` });
      await wide.emulateMedia({ colorScheme: 'dark' });
      await wide.screenshot({ path: `${process.env['SCREENSHOTS']}/dark.png` });
    }
    await wide.close();
  });
});
