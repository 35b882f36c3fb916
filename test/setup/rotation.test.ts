// @module-tag slow
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyPair } from '../../src/sandbox/server';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { addKey } from '../servers/aws/iam';
import { run } from '../servers/git';
import { isRead, names, openSetupWorld, type SetupWorld, user } from './world';

vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const keysOf = () => world.aws.state.users.get(user)?.keys ?? [];
const readValue = (name: string) =>
  String(world.api.state.variables.find(({ key }) => key === name)?.['value']);

/** The public half of what the pipeline has. */
async function readPublic(): Promise<string> {
  return (await parsePrivateKey(readValue(names.key), { requireRsa: true })).publicKey;
}

describe('--replace-key', () => {
  it('makes and proves a key, gives it to the pipeline, and then retires the old one', async () => {
    await world.setupHere({});
    const [old] = keysOf();
    const oldPublic = await readPublic();
    const known: Promise<void>[] = [];
    // After each change: IAM has the pipeline's key, active.
    const onCall = (call: string) => {
      if (isRead(call)) return;
      const active = keysOf().filter((key) => key.active);
      known.push(readPublic().then((body) => expect(active.map((key) => key.body)).toContain(body)));
      expect(active.map(({ id }) => id)).toContain(readValue(names.id));
    };
    world.aws.onCall = onCall;
    world.api.onCall = onCall;
    const { exitCode, output } = await world.setupHere({ replaceKey: true });
    expect(exitCode).toBe(0);
    await Promise.all(known);
    expect(known.length).toBeGreaterThan(6);
    const [first, second] = keysOf();
    expect(first).toMatchObject({ id: old?.id, active: false });
    expect(second).toMatchObject({ id: readValue(names.id), active: true, body: await readPublic() });
    expect(await readPublic()).not.toBe(oldPublic);
    expect(output.indexOf('verified')).toBeLessThan(output.indexOf(`${names.key}: changed`));

    // The next run deletes it, and the one after that has nothing to do.
    await world.setupHere({});
    expect(keysOf()).toEqual([second]);
    expect((await world.setupHere({})).output).toContain('Nothing to do');
  });

  it('can be repeated: five keys are never a wall for a user of ours', async () => {
    for (let times = 0; times < 4; times++)
      expect(await world.setupHere({ replaceKey: true })).toMatchObject({ exitCode: 0 });
    const [owner] = world.aws.state.users.values();
    while (owner !== undefined && owner.keys.length < 5)
      addKey(world.aws.state, owner, createKeyPair().publicKey);
    expect(await world.setupHere({ replaceKey: true })).toMatchObject({ exitCode: 0 });
    expect(
      keysOf()
        .filter(({ active }) => active)
        .map(({ id }) => id),
    ).toEqual([readValue(names.id)]);
  });

  it('leaves the pipeline its key when the new one is not accepted', async () => {
    await world.setupHere({});
    const before = structuredClone(world.api.state);
    const ending = new AbortController();
    world.sandbox.faults.refuseKeys = true;
    world.aws.onCall = (call, when) => {
      if (call === 'iam:UploadSSHPublicKey' && when === 'after')
        setTimeout(() => ending.abort('SIGTERM'), 1500);
    };
    expect(await world.setupHere({ replaceKey: true }, { signal: ending.signal })).toMatchObject({
      exitCode: 143,
    });
    expect(world.api.state).toEqual(before);
    expect(keysOf().every(({ active }) => active)).toBe(true);
    world.sandbox.faults.refuseKeys = false;
    world.aws.onCall = () => undefined;
    expect(await world.setupHere({})).toMatchObject({ exitCode: 0 });
    expect(keysOf().find(({ active }) => active)?.body).toBe(await readPublic());
  });
});

describe('an unfinished or broken set-up', () => {
  it.each([
    ['the key of the pipeline is inactive', () => keysOf().map((key) => (key.active = false))],
    ['IAM has another key', () => (world.aws.state.users.get(user) ?? { keys: [] }).keys.splice(0)],
    ['the private key is missing', () => world.api.state.variables.shift()],
    ['the id is missing', () => world.api.state.variables.pop()],
  ])('gets a new key when %s', async (_what, change) => {
    await world.setupHere({});
    change();
    expect(await world.setupHere({})).toMatchObject({ exitCode: 0 });
    const active = keysOf().filter((key) => key.active);
    expect(active).toMatchObject([{ id: readValue(names.id), body: await readPublic() }]);
  });

  it('two at once leave one key, after a third run', async () => {
    await Promise.all([world.setupHere({}), world.setupHere({})]);
    expect(await world.setupHere({})).toMatchObject({ exitCode: 0 });
    expect(keysOf().filter(({ active }) => active)).toMatchObject([
      { id: readValue(names.id), body: await readPublic() },
    ]);
    expect(await world.setupHere({ remove: true })).toMatchObject({ exitCode: 0 });
    expect(world.aws.state.users.size).toBe(0);
  });
});

describe('without a token of Bitbucket', () => {
  const env = { BITBUCKET_TOKEN: undefined };

  it('the private key goes below ~/.config, for its owner only, and never into the clone', async () => {
    const first = await world.setupHere({}, { env });
    expect(first).toMatchObject({ exitCode: 0 });
    const file = join(world.root, '.config/codecommit-mirror/1064dae7.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    for (const text of [file, keysOf()[0]?.id ?? '', names.key, names.id, `Delete ${file}`])
      expect(first.output).toContain(text);
    expect(world.api.requests).toEqual([]);
    expect((await run('git', world.cwd, ['status', '--porcelain', '--ignored'])).stdout).toBe('');

    world.takeWrites();
    const second = await world.setupHere({}, { env });
    expect(second.output).toContain('Connection to CodeCommit with this key: verified');
    expect(second.output).toContain('Nothing to do');
    expect(world.takeWrites()).toEqual([]);

    const third = await world.setupHere({});
    expect(third.output).toContain(`Delete ${file}: Bitbucket has the key now`);
    expect(keysOf()).toMatchObject([{ id: readValue(names.id), body: await readPublic() }]);
  });

  it('a key file in a clone is refused, unless git ignores it', async () => {
    const refused = await world.setupHere({ keyFile: 'my.key' }, { env });
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain('[setup-key-file]');
    expect(await world.read('my.key')).toBeUndefined();
    expect(world.takeWrites()).toEqual([]);
    await world.write('.gitignore', '*.key\n');
    expect(await world.setupHere({ keyFile: 'my.key' }, { env })).toMatchObject({ exitCode: 0 });
    expect(await world.read('my.key')).toContain('BEGIN RSA PRIVATE KEY');
  });

  it('a file that holds something else is left alone', async () => {
    await world.write('my.key', 'my diary\n');
    const { exitCode, output } = await world.setupHere({ keyFile: 'my.key' }, { env });
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-key-file]');
    expect(await world.read('my.key')).toBe('my diary\n');
    expect(world.takeWrites()).toEqual([]);
  });
});
