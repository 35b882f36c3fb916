import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCodeCommitServer } from '../../../src/sandbox/hosts/codeCommit';
import { runProgram } from '../../e2e/world';
import { openFleetHosts, sourceToken } from './fleetHosts';

/** The preview of five repositories that go to an account which may have `quota` and has two. */
async function preview(quota: number | undefined, refused: readonly string[] = []) {
  await using hosts = await openFleetHosts();
  await using codeCommit = await openCodeCommitServer();
  for (const name of ['a', 'b', 'c', 'd', 'e']) hosts.github.repositories.add({ owner: 'acme', name });
  for (const name of ['theirs', 'others']) codeCommit.add(name);
  codeCommit.quota = quota;
  for (const action of refused)
    codeCommit.faults.push({ action, status: 400, code: 'AccessDeniedException' });
  const work = join(hosts.root, 'work');
  const mirror = {
    name: 'acme',
    from: { host: 'github', url: hosts.github.url, owner: 'acme', token: '$GITHUB_TOKEN' },
    to: { host: 'codecommit', region: 'eu-west-1' },
  };
  await writeFile(join(work, 'mirrors.yaml'), JSON.stringify({ mirrors: [mirror] }));
  const env = { HOME: hosts.root, TMPDIR: hosts.root, GITHUB_TOKEN: sourceToken, ...codeCommit.env };
  const run = await runProgram('cli', ['fleet', 'preview'], work, env);
  return { ...run, requests: [...codeCommit.requests] };
}

const quotaRequests = ['GetServiceQuota', 'GetAWSDefaultServiceQuota'];

test('what would pass the quota of the account is told before anything is made', async () => {
  const { exitCode, output, requests } = await preview(5);
  expect(exitCode).toBe(1);
  expect(output).toContain('5 repositories: 3 new, 2 conflict.');
  expect(output).toMatch(/✖ +conflict +acme\/d +→ d +The destination may have at most 5 repositories/);
  expect(output).toContain('Service Quotas console');
  expect(requests).not.toContain('CreateRepository');
  expect(requests.filter((each) => quotaRequests.includes(each))).toEqual(['GetServiceQuota']);
});

test('an account without a value of its own has the default', async () => {
  const { exitCode, output, requests } = await preview(undefined);
  expect([exitCode, output]).toEqual([0, expect.stringContaining('5 repositories: 5 new.')]);
  expect(requests.filter((each) => quotaRequests.includes(each))).toEqual(quotaRequests);
});

test('a login that may not read the quota previews without it', async () => {
  const { exitCode, output } = await preview(5, quotaRequests);
  expect([exitCode, output]).toEqual([0, expect.stringContaining('5 repositories: 5 new.')]);
});
