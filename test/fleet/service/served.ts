import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { destinationToken, type FleetHosts, openFleetHosts, sourceToken } from '../command/fleetHosts';

/** A service that runs: `codecommit-mirror fleet serve`, as a process. */
export interface Served extends AsyncDisposable {
  readonly hosts: FleetHosts;
  /** `http://127.0.0.1:<port>` of the page, and of the webhooks. */
  readonly page: string;
  readonly hooks: string;
  /** All that it has written so far. */
  output(): string;
  /** Sends a signal; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Waits until it ends by itself; gives the exit code. */
  ended(): Promise<number | null>;
}

/** Starts the service over hosts that `prepare` has filled. */
export async function openServed(
  prepare: (hosts: FleetHosts) => Promise<unknown>,
  more: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Served> {
  const hosts = await openFleetHosts();
  await prepare(hosts);
  const args = ['fleet', 'serve', '--port', '0', '--hooks-port', '0', ...(more.args ?? [])];
  const child = spawn(process.execPath, [resolve('dist/cli.js'), ...args], {
    cwd: join(hosts.root, 'work'),
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: join(hosts.root, 'home'),
      TMPDIR: join(hosts.root, 'tmp'),
      GITHUB_TOKEN: sourceToken,
      GITLAB_TOKEN: destinationToken,
      ...more.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const told = new Promise<void>((done, failed) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        text += piece.toString();
        if (/Webhooks: http/.test(text)) done();
      });
    child.once('close', (code) => failed(new Error(`ended with ${code}: ${text}`)));
  });
  await told;
  const closed = once(child, 'close') as Promise<[number | null]>;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return (await closed)[0];
  };
  return {
    hosts,
    page: /Status page: (http:\/\/\S+?)\/\s/.exec(text)?.[1] ?? '',
    hooks: /Webhooks: (http:\/\/[^/\s]+)/.exec(text)?.[1] ?? '',
    output: () => text,
    stop,
    ended: async () => (await closed)[0],
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL');
      await hosts[Symbol.asyncDispose]();
    },
  };
}

/** Waits until `look` gives something; as long as it takes, as no test decides by the clock. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Posts a form of the page as a browser does, with the cookie and the token of that page. */
export async function act(
  { page }: Pick<Served, 'page'>,
  action: string,
  fields: Readonly<Record<string, string>> = {},
) {
  const seen = await fetch(page);
  const cookie = seen.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const csrf = /name="csrf" value="([^"]+)"/.exec(await seen.text())?.[1] ?? '';
  const body = new URLSearchParams({ ...fields, csrf });
  return await fetch(`${page}/${action}`, { method: 'POST', body, headers: { cookie }, redirect: 'manual' });
}
