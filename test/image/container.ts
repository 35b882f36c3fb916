import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { Run } from '../e2e/world';
import { run } from '../servers/git';

export interface ContainerOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folders and files of this machine, each at the same path inside unless it is said as `<outside>:<inside>`. */
  readonly volumes?: readonly string[];
  /** The same, not to be written to. */
  readonly readOnlyVolumes?: readonly string[];
  readonly workdir?: string;
  /** More options of `podman run`. */
  readonly options?: readonly string[];
  /** In place of the image's own. */
  readonly entrypoint?: string;
}

/** A container of the image under test, from its start. */
export interface Container {
  readonly ended: Promise<Run>;
  /** Sends a signal to its first process. */
  kill(signal: 'INT' | 'TERM'): Promise<void>;
}

/** What Pipelines does to a pipe's user: root inside is this user outside, and whoever owns the clone is nobody inside. */
const pipelinesUsers = '--uidmap=0:165536:65536';

/** Starts the image as Pipelines does; it sees this machine's loopback, where the tests' servers listen. */
export function startContainer(options: ContainerOptions, args: readonly string[] = []): Container {
  const name = `codecommit-mirror-test-${randomUUID()}`;
  const runOptions = [
    ['--rm', `--name=${name}`, '--network=host', '--label=org.bitbucket.pipelines.system=true'],
    // The limits that podman sets by itself may be above those that this machine allows.
    ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000', pipelinesUsers],
    (options.volumes ?? []).map((volume) => `--volume=${toVolume(volume)}`),
    (options.readOnlyVolumes ?? []).map((volume) => `--volume=${toVolume(volume)}:ro`),
    options.workdir === undefined ? [] : [`--workdir=${options.workdir}`],
    Object.entries(options.env ?? {}).flatMap(([key, value]) =>
      value === undefined ? [] : [`--env=${key}=${value}`],
    ),
    options.entrypoint === undefined ? [] : [`--entrypoint=${options.entrypoint}`],
    options.options ?? [],
  ];
  const command = ['--runtime=runc', 'run', ...runOptions.flat(), inject('image'), ...args];
  return {
    ended: runPodman(command),
    async kill(signal) {
      const killed = await run('podman', '/', ['kill', `--signal=${signal}`, name]);
      if (killed.exitCode !== 0) throw new Error(`podman kill: ${killed.stderr}`);
    },
  };
}

function toVolume(volume: string): string {
  return volume.includes(':') ? volume : `${volume}:${volume}`;
}

function runPodman(args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn('podman', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output }));
  });
}
