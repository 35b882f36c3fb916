// npm run bench:fleet: a listing and plan of 4,000 repositories by simulated hosts without git.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openGithubServer } from '../src/sandbox/hosts/github';
import { openGitlabServer } from '../src/sandbox/hosts/gitlab';

const repositories = 4_000;
const token = 'token-of-the-benchmark-0123456789';

await using github = await openGithubServer();
await using gitlab = await openGitlabServer();
github.tokens.set(token, { user: 'bot', scopes: ['repo', 'read:org'] });
gitlab.tokens.set(token, { user: 'bot', scopes: ['api', 'read_api', 'read_repository'] });
gitlab.groups.set('mirror', 9_000);
const authority = new URL(github.url).host;
for (let index = 0; index < repositories; index++) {
  const { id, name } = github.repositories.add({ owner: 'acme', name: `app-${index}` });
  const description = `codecommit-mirror: ${authority}#${id} acme/${name}`;
  gitlab.repositories.add({ owner: 'mirror', name, description });
}
const folder = await mkdtemp(join(tmpdir(), 'ccm-bench-'));
const mirror = {
  name: 'acme',
  from: { host: 'github', url: github.url, owner: 'acme', token: '$TOKEN' },
  to: { host: 'gitlab', url: gitlab.url, group: 'mirror', token: '$TOKEN' },
};
await writeFile(join(folder, 'mirrors.yaml'), JSON.stringify({ mirrors: [mirror] }));

const startedAt = performance.now();
const child = spawn(process.execPath, [resolve('dist/cli.js'), 'fleet', 'preview'], {
  cwd: folder,
  env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, TOKEN: token },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let [output, peak] = ['', 0];
child.stdout.on('data', (piece: Buffer) => {
  output += piece.toString();
});
const watch = setInterval(async () => {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
}, 50);
const [code] = await once(child, 'close');
clearInterval(watch);
await rm(folder, { recursive: true });
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(`${output.trim().split('\n').at(-1)} Exit code ${code}.\n`);
process.stdout.write(
  `${github.requests.length} requests of the source, ${gitlab.requests.length} of the destination, ` +
    `${seconds} s, ${(peak / 1_024).toFixed(0)} MiB at most\n`,
);
