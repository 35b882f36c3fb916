import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCodeCommitServer } from '../../../src/sandbox/hosts/codeCommit';
import { runProgram } from '../../e2e/world';
import { destinationToken, type FleetHosts, openFleetHosts, sourceToken } from './fleetHosts';

/** The preview of five repositories of acme. */
async function preview({ github, root }: FleetHosts, to: object, env: object) {
  for (const name of ['a', 'b', 'c', 'd', 'e']) github.repositories.add({ owner: 'acme', name });
  const work = join(root, 'work');
  const from = { host: 'github', url: github.url, owner: 'acme', token: '$GITHUB_TOKEN' };
  await writeFile(join(work, 'mirrors.yaml'), JSON.stringify({ mirrors: [{ name: 'acme', from, to }] }));
  const more = { HOME: root, TMPDIR: root, GITHUB_TOKEN: sourceToken, ...env };
  return await runProgram('cli', ['fleet', 'preview'], work, more);
}

/** To an account which may have `quota` and has two. */
async function previewCodeCommit(quota: number | undefined, refused: readonly string[] = []) {
  await using hosts = await openFleetHosts();
  await using codeCommit = await openCodeCommitServer();
  for (const name of ['theirs', 'others']) codeCommit.add(name);
  codeCommit.quota = quota;
  for (const action of refused)
    codeCommit.faults.push({ action, status: 400, code: 'AccessDeniedException' });
  const run = await preview(hosts, { host: 'codecommit', region: 'eu-west-1' }, codeCommit.env);
  return { ...run, requests: [...codeCommit.requests] };
}

const quotaRequests = ['GetServiceQuota', 'GetAWSDefaultServiceQuota'];

test('what would pass the quota of the account is told before anything is made', async () => {
  const { exitCode, output, requests } = await previewCodeCommit(5);
  expect(exitCode).toBe(1);
  expect(output).toContain('5 repositories: 3 new, 2 conflict.');
  expect(output).toMatch(/✖ +conflict +acme\/d +→ d +The destination may have at most 5 repositories/);
  expect(output).toContain('Service Quotas console');
  expect(requests).not.toContain('CreateRepository');
  expect(requests.filter((each) => quotaRequests.includes(each))).toEqual(['GetServiceQuota']);
});

test('an account without a value of its own has the default', async () => {
  const { exitCode, output, requests } = await previewCodeCommit(undefined);
  expect([exitCode, output]).toEqual([0, expect.stringContaining('5 repositories: 5 new.')]);
  expect(requests.filter((each) => quotaRequests.includes(each))).toEqual(quotaRequests);
});

test('a login that may not read the quota previews without it', async () => {
  const { exitCode, output } = await previewCodeCommit(5, quotaRequests);
  expect([exitCode, output]).toEqual([0, expect.stringContaining('5 repositories: 5 new.')]);
});

/** To the user ada of a GitLab, who may have four projects and has one. `user` is whose token it is. */
async function previewGitlab(user: string, isBroken = false) {
  await using hosts = await openFleetHosts();
  const { gitlab } = hosts;
  gitlab.projectLimit = 4;
  gitlab.repositories.add({ owner: 'ada', name: 'theirs' });
  gitlab.repositories.add({ owner: 'mirror', name: 'of-a-group' });
  gitlab.tokens.set(destinationToken, { user, scopes: ['api', 'read_api'] });
  if (isBroken) gitlab.faults.push({ when: /^GET .*\/user$/, status: 404 });
  const to = { host: 'gitlab', url: gitlab.url, user: 'ada', token: '$GITLAB_TOKEN' };
  return await preview(hosts, to, { GITLAB_TOKEN: destinationToken });
}

test("what would pass the limit of a GitLab user's projects is told, too", async () => {
  const { exitCode, output } = await previewGitlab('ada');
  expect([exitCode, output]).toEqual([1, expect.stringContaining('5 repositories: 3 new, 2 conflict.')]);
  expect(output).toMatch(/✖ +conflict +acme\/d +→ d +The destination may have at most 4 repositories/);
  expect(output).toContain('"Projects limit"');
  expect(output).not.toContain('Service Quotas');
});

test("without the user's own token, or where the limit can't be read, GitLab is previewed without it", async () => {
  for (const { exitCode, output } of [await previewGitlab('root'), await previewGitlab('ada', true)])
    expect([exitCode, output]).toEqual([0, expect.stringContaining('5 repositories: 5 new.')]);
});
