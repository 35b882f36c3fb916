import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { parseConfiguration } from '../../../src/fleet/configuration/configuration';
import { initConfiguration } from '../../../src/fleet/init/init';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccm-init-'));
  file = join(folder, 'mirrors.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

/** Answers the questions and gives what was asked. */
async function init(answers: readonly string[], signal = new AbortController().signal) {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(answers.map((answer) => `${answer}\n`).join(''));
  const asked = text(output);
  try {
    return await initConfiguration({ file, terminal: { input, output }, signal });
  } finally {
    output.end();
    questions = await asked;
  }
}

let questions = '';

describe('fleet init', () => {
  test.each([
    [
      ['github', 'acme', 'codecommit', 'eu-west-1', 'y'],
      {
        host: 'github',
        url: 'https://github.com',
        owner: 'acme',
        token: { kind: 'variable', name: 'GITHUB_TOKEN' },
      },
      { host: 'codecommit', region: 'eu-west-1' },
      'github-acme',
    ],
    [
      ['', 'https://github.example.com/acme/', '', 'eu-west-1', ''],
      { host: 'github', url: 'https://github.example.com', owner: 'acme' },
      { host: 'codecommit' },
      'github-acme',
    ],
    [
      ['codecommit', 'us-east-1', 'gitlab', 'https://git.example.com/mirror/aws', 'no'],
      { host: 'codecommit', region: 'us-east-1' },
      { host: 'gitlab', url: 'https://git.example.com', group: 'mirror/aws' },
      'codecommit-us-east-1',
    ],
    [
      ['bitbucket', 'acme/PLAT', 'bitbucket-datacenter', 'https://git.example.com/bb/projects/PLAT', 'yes'],
      { host: 'bitbucket', workspace: 'acme', project: 'PLAT' },
      { host: 'bitbucket-datacenter', url: 'https://git.example.com/bb', project: 'PLAT' },
      'bitbucket-acme',
    ],
  ])('writes a file that parses: %j', async (answers, from, to, name) => {
    const written = await init(answers);
    expect(await readFile(file, 'utf8')).toBe(written);
    const { mirrors } = parseConfiguration(written ?? '', file);
    const exact = answers.at(-1)?.startsWith('y') ?? false;
    expect(mirrors).toMatchObject([{ name, from, to, policy: { force: exact, prune: exact } }]);
    expect(questions.match(/\? /g)).toHaveLength(5);
  });

  it('has comments that are right when they are switched on', async () => {
    const written = await init(['github', 'acme', 'codecommit', 'eu-west-1', 'y']);
    const switched = (written ?? '').replaceAll(/^( *)# (\w+:| {2}\w+:)/gm, '$1$2');
    const [mirror] = parseConfiguration(switched, file).mirrors;
    expect(mirror?.selection.exclude).toEqual(['dependabot/*']);
    expect(mirror?.from).toMatchObject({ match: '^(svc|lib)-', exclude: ['*-old'] });
  });

  it('asks again, without repeating what was typed, until an answer can be used', async () => {
    const token = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a/';
    const written = await init([
      'gitea',
      'github',
      token,
      'acme',
      'codecommit',
      'Ireland',
      'eu-west-1',
      'perhaps',
      'n',
    ]);
    expect(parseConfiguration(written ?? '', file).mirrors[0]?.from).toMatchObject({ owner: 'acme' });
    expect(questions).toContain(
      'It must be one of github, gitlab, bitbucket, bitbucket-datacenter, codecommit.',
    );
    expect(questions).toContain('It must be a region of AWS, such as eu-west-1.');
    expect(questions).not.toContain(token);
  });

  it('writes nothing when the input ends early', async () => {
    expect(await init(['github', 'acme'])).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes nothing when it is stopped', async () => {
    await expect(init(['github'], AbortSignal.abort('SIGTERM'))).rejects.toMatchObject({ code: 'stopped' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not overwrite a file, and asks nothing', async () => {
    await writeFile(file, 'mine');
    await expect(init(['github', 'acme', 'codecommit', 'eu-west-1', 'y'])).rejects.toMatchObject({
      code: 'fleet-file-exists',
    });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(questions).toBe('');
  });

  it('says when the folder is not there', async () => {
    file = join(folder, 'missing', 'mirrors.yaml');
    await expect(init(['github', 'acme', 'codecommit', 'eu-west-1', 'y'])).rejects.toMatchObject({
      code: 'fleet-configuration-invalid',
      message: expect.stringContaining("can't be written"),
    });
  });
});
