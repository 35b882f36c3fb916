import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Folder, openFolder } from '../../servers/folder';
import { until } from '../service/served';

export const hookSecret = 'a-secret-of-webhooks-with-enough-characters';

/** A machine with one mirrors.yaml for several worlds, on which the service runs, is killed, and is started again. */
export class Machine implements AsyncDisposable {
  readonly root: string;
  readonly #folder: Folder;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #page = '';
  hooks = '';
  /** Everything that it has ever written. */
  output = '';

  private constructor(folder: Folder, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.root = folder.path;
    this.#env = env;
  }

  static async open(env: Readonly<Record<string, string>>): Promise<Machine> {
    const folder = await openFolder();
    for (const name of ['work', 'tmp', 'home']) await mkdir(join(folder.path, name));
    await writeFile(join(folder.path, 'work/mirrors.hooks-secret'), `${hookSecret}\n`);
    return new Machine(folder, env);
  }

  async configure(mirrors: readonly unknown[]): Promise<void> {
    await writeFile(join(this.root, 'work/mirrors.yaml'), JSON.stringify({ mirrors }));
  }

  /** Starts `fleet …`; what it writes is kept. */
  #spawn(...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [resolve('dist/cli.js'), 'fleet', ...args], {
      cwd: join(this.root, 'work'),
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: join(this.root, 'home'),
        TMPDIR: join(this.root, 'tmp'),
        ...this.#env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        this.output += piece.toString();
      });
    return child;
  }

  /** Runs `fleet mirror`; killed after so many milliseconds, if that is given. */
  async mirror(killAfter: number | undefined): Promise<void> {
    const child = this.#spawn('mirror');
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    await once(child, 'close');
    clearTimeout(timer);
  }

  /** Starts the service. */
  async serve(): Promise<void> {
    const from = this.output.length;
    const child = this.#spawn('serve', '--port', '0', '--hooks-port', '0');
    this.#child = child;
    await until(async () => {
      const text = this.output.slice(from);
      if (child.exitCode !== null) throw new Error(`the service ended: ${text}`);
      this.#page = /Status page: (http:\/\/\S+?)\/\s/.exec(text)?.[1] ?? '';
      this.hooks = /Webhooks: (http:\/\/[^/\s]+)/.exec(text)?.[1] ?? '';
      return this.hooks !== '';
    });
  }

  /** Ends the service, however; it gives the exit code. */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    const closed = once(child, 'close');
    child.kill(signal);
    this.#child = undefined;
    return ((await closed) as [number | null])[0];
  }

  /** One quiet cycle: a whole listing that begins now, and a look at everything. */
  async cycle(mirrors: readonly string[]): Promise<void> {
    // The first listing may have begun before; the second one begins after it.
    for (let count = 0; count < 2; count++) {
      const asked = Date.now();
      await this.#act('list');
      await until(async () => {
        const metrics = await this.#metrics();
        return mirrors.every((name) => listedAt(metrics, name) > asked);
      });
    }
    await this.#act('mirror-all');
    await this.idle();
  }

  /** Nothing waits and nothing runs. */
  async idle(): Promise<void> {
    await until(async () => {
      const counts = [...(await this.#metrics()).matchAll(/^codecommit_mirror_queue\{.*\} (\d+)$/gm)];
      return counts.length > 0 && counts.every(([, count]) => count === '0');
    });
  }

  async #metrics(): Promise<string> {
    return await (await fetch(`${this.#page}/metrics`)).text();
  }

  /** What a person does on the page. */
  async #act(action: string): Promise<void> {
    const seen = await fetch(this.#page);
    const cookie = seen.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const csrf = /name="csrf" value="([^"]+)"/.exec(await seen.text())?.[1] ?? '';
    const body = new URLSearchParams({ csrf });
    const done = await fetch(`${this.#page}/${action}`, {
      method: 'POST',
      body,
      headers: { cookie },
      redirect: 'manual',
    });
    if (done.status !== 303) throw new Error(`${action}: ${done.status} ${await done.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Milliseconds since 1970. */
function listedAt(metrics: string, mirror: string): number {
  const [, seconds = 'Infinity'] =
    new RegExp(`^codecommit_mirror_seconds_since_listed\\{mirror="${mirror}"\\} (\\S+)$`, 'm').exec(
      metrics,
    ) ?? [];
  return Date.now() - Number(seconds.replace('+Inf', 'Infinity')) * 1_000;
}
