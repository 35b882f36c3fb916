import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MirrorError } from '../../../src/errors';
import { Conversations } from '../../../src/remote/pushing/conversation';
import { readAdvertisement } from '../../../src/remote/ssh/advertisement';
import { stall } from '../../../src/remote/stall';
import { createBareRepository, git, gitEnvironment, gitWith, grow, readRefs } from '../../servers/git';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccm-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const describeFailure = (stderr: string) =>
  new MirrorError('destination-failed', { message: stderr, remedy: '' });

const stop = new AbortController();

async function listing(program: string, ...args: readonly string[]) {
  await using conversations = new Conversations(stop.signal);
  const conversation = conversations.begin({ program, args, env: gitEnvironment() });
  const { refs, head } = await readAdvertisement(conversation, conversations.signal, describeFailure);
  return { refs: new Map(refs), head };
}

/** What a server would say, as a program that writes it and waits. */
function saying(text: string) {
  return listing('sh', '-c', `printf '%b' "$1"; exec sleep 30`, 'sh', text);
}

describe('the listing of a repository', () => {
  test('is that of git ls-remote: branches, tags and where HEAD points', async () => {
    const repository = await createBareRepository(join(folder, 'full'));
    await grow(repository, 'main');
    await grow(repository, 'topic/a');
    await git(repository, 'tag', 'light', 'main');
    await git(repository, 'tag', '-a', '-m', 'x', 'annotated', 'main');
    await git(repository, 'update-ref', 'refs/notes/x', 'main');
    const refs = await readRefs(repository);
    delete refs['refs/notes/x'];
    expect(await listing('git-upload-pack', repository)).toEqual({
      refs: new Map(Object.entries(refs)),
      head: 'refs/heads/main',
    });
  });

  test('of an empty repository is empty', async () => {
    const repository = await createBareRepository(join(folder, 'empty'));
    const advertised = await listing('git-upload-pack', repository);
    expect(advertised).toMatchObject({ refs: new Map() });
  });

  test('of many refs is whole, in whatever pieces it comes', async () => {
    const repository = await createBareRepository(join(folder, 'many'));
    const tip = await grow(repository, 'main');
    const names = Array.from({ length: 300 }, (_, index) => `create refs/tags/t${index} ${tip}\n`);
    await gitWith({ input: names.join('') }, repository, 'update-ref', '--stdin');
    const advertised = await listing(
      'sh',
      '-c',
      'git-upload-pack "$1" | dd bs=61 2>/dev/null',
      'sh',
      repository,
    );
    expect(advertised).toEqual({
      refs: new Map(Object.entries(await readRefs(repository))),
      head: 'refs/heads/main',
    });
  });
});

describe('a session that comes to nothing', () => {
  test('gives its words', async () => {
    const refused = listing('sh', '-c', 'echo "Permission denied (publickey)." >&2; exit 255');
    await expect(refused).rejects.toThrow('Permission denied (publickey).');
    await expect(saying('0014ERR no such repo0000')).rejects.toThrow('remote error: no such repo');
  });

  test.each([
    ['a half line', '003'],
    ['half a listing', '003d0123456789012345678901234567890123456789 refs/heads/main\\n'],
  ])('is not taken for a listing: %s', async (_what, text) => {
    const ended = listing('sh', '-c', `printf '%b' "$1"; echo bye >&2`, 'sh', text);
    await expect(ended).rejects.toMatchObject({ message: 'bye\n' });
  });

  test.each([
    ['no packet', 'SSH is not available here'],
    ['a length below four', '0002'],
    ['no ref', '0008ab c0000'],
    ['a ref that git refuses', '003f0123456789012345678901234567890123456789 refs/heads/a\\x1b[\\n0000'],
  ])('is not read as something else: %s', async (_what, text) => {
    await expect(saying(text)).rejects.toMatchObject({ code: 'not-git' });
  });

  test('is ended when it stays silent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const listed = expect(saying('003d0123')).rejects.toMatchObject({ code: 'timed-out' });
      vi.advanceTimersByTime(stall.list);
      await listed;
    } finally {
      vi.useRealTimers();
    }
  });

  test('is told when it cannot be started', async () => {
    await expect(listing(join(folder, 'nothing-here'))).rejects.toMatchObject({ code: 'program-missing' });
  });

  test('is ended with the run', async () => {
    const listed = saying('003d0123');
    stop.abort('SIGTERM');
    await expect(listed).rejects.toMatchObject({ code: 'stopped' });
  });
});
