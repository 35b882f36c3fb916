import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { git, grow, readRefs } from '../../../servers/git';
import { startFunction } from '../../../servers/lambda/function';
import { motoAvailable } from '../../../servers/moto';
import { type AwsFleet, destinationToken, openAwsFleet, sourceToken } from '../fleetWorld';
import { toClientOptions } from '../world';

function toEvent({ name, id }: { readonly name: string; readonly id: string }) {
  return {
    id: crypto.randomUUID(),
    'detail-type': 'CodeCommit Repository State Change',
    source: 'aws.codecommit',
    account: '123456789012',
    region: 'us-east-1',
    detail: { event: 'referenceUpdated', repositoryName: name, repositoryId: id },
  };
}

async function expectMirror(fleet: AwsFleet, source: string, group: string, name: string): Promise<void> {
  const mirror = await fleet.mirrorOf(group, name);
  if (mirror === undefined) throw new Error(`there is no ${group}/${name}`);
  expect(await readRefs(mirror)).toEqual(await readRefs(source));
}

describe.runIf(motoAvailable())('a mirrors.yaml on AWS:', { tags: ['slow'] }, () => {
  test('every source is listed, its mirrors are made private, and events and the schedule find what is new', async () => {
    await using fleet = await openAwsFleet();
    const app = await fleet.addToGithub('app');
    const web = await fleet.addToCodeCommit('web');
    await fleet.addToCodeCommit('secret-keys');
    await fleet.take({ tick: true });
    await expectMirror(fleet, app, 'mirror', 'app');
    await expectMirror(fleet, web.path, 'aws', 'web');
    expect(await fleet.mirrorOf('aws', 'secret-keys')).toBeUndefined();
    const made = fleet.gitlab.repositories.find('mirror', 'app');
    expect(made).toMatchObject({
      isPrivate: true,
      description: expect.stringContaining('codecommit-mirror: '),
    });
    expect(await fleet.states('acme')).toMatchObject([
      { state: 'equal', path: 'acme/app', destination: 'app', destinationIdentity: expect.anything() },
    ]);
    expect(await fleet.states('aws')).toHaveLength(1);

    // An event of CodeCommit; an excluded repository is no business of the queue.
    await grow(web.path, 'topic');
    await git(web.path, 'tag', 'v1', 'main');
    expect(await fleet.take(toEvent({ name: 'web', id: web.id }))).toHaveLength(1);
    await expectMirror(fleet, web.path, 'aws', 'web');
    expect(await fleet.take(toEvent({ name: 'secret-keys', id: 'any' }))).toEqual([]);

    // A repository that no listing has had yet: its first event is enough.
    const fresh = await fleet.addToCodeCommit('fresh');
    const messages = await fleet.take(toEvent({ name: 'fresh', id: fresh.id }));
    expect(messages.map((body) => JSON.parse(body).reason ?? 'list')).toEqual(['event', 'list', 'due']);
    await expectMirror(fleet, fresh.path, 'aws', 'fresh');

    // What a host without events has new, its newest entries say.
    const late = await fleet.addToGithub('late');
    await fleet.take({ ask: 'nothing-of-this-name' });
    await expectMirror(fleet, late, 'mirror', 'late');

    const output = fleet.intake.output() + fleet.mirror.output();
    for (const token of [sourceToken, destinationToken]) expect(output).not.toContain(token);
    expect(await fleet.world.readDisk()).toEqual([]);
  });

  test('a renamed repository keeps its mirror, a deleted one keeps it too, and a foreign one is never pushed to', async () => {
    await using fleet = await openAwsFleet();
    const web = await fleet.addToCodeCommit('web');
    await fleet.addToGithub('app');
    const foreign = fleet.gitlab.repositories.add({ owner: 'mirror', name: 'app' });
    const foreignPath = await fleet.gitlab.repositories.path(foreign);
    await grow(foreignPath, 'somebodys');
    const before = await readRefs(foreignPath);
    await fleet.take({ tick: true });
    expect(await readRefs(foreignPath)).toEqual(before);
    expect(await fleet.states('acme')).toMatchObject([
      { state: 'blocked', problem: { code: 'fleet-conflict' } },
    ]);

    // Renamed, and pushed to under the new name before any listing.
    const repository = fleet.codecommit.repositories.find(({ name }) => name === 'web');
    if (repository !== undefined) repository.name = 'site';
    const site = join(web.path, '..', 'site');
    await rename(web.path, site);
    await grow(site, 'main');
    await fleet.take(toEvent({ name: 'site', id: web.id }));
    await expectMirror(fleet, site, 'aws', 'web');
    expect(await fleet.states('aws')).toMatchObject([
      { state: 'equal', path: 'site', formerPaths: ['web'], destination: 'web' },
    ]);

    fleet.codecommit.repositories = [];
    await fleet.take({ ask: 'aws' });
    expect(await fleet.states('aws')).toMatchObject([{ state: 'gone' }]);
    await expectMirror(fleet, site, 'aws', 'web');

    // A person decides: the foreign one may be taken over. The new file counts for functions that start now.
    await fleet.put(
      fleet
        .toText()
        .replace('group: mirror,', 'group: mirror, adopt: [app],')
        .replace('prune:', 'force: true\n    prune:'),
    );
    await using other = await startFunction('mirror', fleet.env);
    await fleet.world.queue.send(
      JSON.stringify({ version: 1, list: { isWhole: true }, id: 'again' }),
      'list',
      'again',
    );
    await fleet.world.queue.drain(other.api);
    expect(await fleet.states('acme')).toMatchObject([{ state: 'equal', destination: 'app' }]);
    expect(await readRefs(foreignPath)).not.toHaveProperty('refs/heads/somebodys');
  });

  test('a token that was replaced is read again; one that is refused holds up no other mirror, and is told', async () => {
    await using fleet = await openAwsFleet();
    const app = await fleet.addToGithub('app');
    await fleet.take({ tick: true });
    fleet.github.tokens.clear();
    fleet.github.tokens.set('token-of-the-source-02', { user: 'bot', scopes: ['repo', 'read:org'] });
    await grow(app, 'main');
    await fleet.take({ ask: 'acme/app' });
    expect(await fleet.states('acme')).toMatchObject([
      { state: 'blocked', problem: { code: 'fleet-token-refused' } },
    ]);
    const web = await fleet.addToCodeCommit('web');
    await fleet.take(toEvent({ name: 'web', id: web.id }));
    await expectMirror(fleet, web.path, 'aws', 'web');
    expect(fleet.mirror.output()).toMatch(/"Mirror":"acme".*"BlockedRepositories":[12]/);
    await fleet.putToken('token-of-the-source-02');
    await fleet.take({ ask: 'acme/app' });
    await expectMirror(fleet, app, 'mirror', 'app');
  });

  test('it may be a parameter of Systems Manager; a secret that a function can not read, or a fault, is told', async () => {
    await using fleet = await openAwsFleet();
    const app = await fleet.addToGithub('app');
    const ssm = new SSMClient(toClientOptions(fleet.world.moto));
    const put = async (text: string) =>
      await ssm.send(
        new PutParameterCommand({ Name: '/mirror/mirrors', Value: text, Type: 'String', Overwrite: true }),
      );
    const env = { ...fleet.env, MIRRORS: 'ssm:/mirror/mirrors' };
    const tell = async () => {
      await using mirror = await startFunction('mirror', env);
      return await mirror.api.invoke({ Records: [] });
    };
    await put(fleet.toText().replace(/token: '[^']+:token::'/, 'token: $GITHUB_TOKEN'));
    expect(await tell()).toMatchObject({
      kind: 'error',
      errorType: 'fleet-aws-settings',
      body: { errorMessage: expect.stringContaining('the token of the mirror "acme" is $GITHUB_TOKEN') },
    });
    await put(fleet.toText('    prun: true'));
    expect(await tell()).toMatchObject({
      kind: 'error',
      body: { errorMessage: expect.stringMatching(/ssm:\/mirror\/mirrors:\d+:\d+.*prun/) },
    });
    await put(fleet.toText());
    await using mirror = await startFunction('mirror', env);
    await fleet.intake.api.invoke({ tick: true });
    await fleet.world.queue.drain(mirror.api);
    await expectMirror(fleet, app, 'mirror', 'app');
  });
});
