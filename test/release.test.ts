import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { version } from '../package.json';
import { readSettings } from '../src/pipe/settings';
import { createKeyPair } from '../src/sandbox/server';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

test('one version everywhere', () => {
  expect({
    manifest: /^image: org\/codecommit-mirror:(.*)$/m.exec(read('pipe.yml'))?.[1],
    changelog: /^## (\d.*)$/m.exec(read('CHANGELOG.md'))?.[1],
    label: /image\.version="(.*?)"/.exec(read('Dockerfile'))?.[1],
  }).toEqual({ manifest: version, changelog: version, label: version });
});

test('a release goes to npm and to the image registry, under the number of the tag alone', () => {
  const release = parse(read('bitbucket-pipelines.yml'), { merge: true })
    .definitions.steps.map((each: { step: { name: string } }) => each.step)
    .find(({ name }: { name: string }) => name.startsWith('Release'));
  const script: string[] = release.script;
  const places = [
    /^grep .*\$BITBUCKET_TAG.* pipe\.yml$/,
    /^grep .*\$BITBUCKET_TAG.* package\.json$/,
    // Where it was built from and what is in it go to the registry beside the image.
    /--provenance=mode=max --sbom=true .*--push/,
    /npm publish$/,
  ];
  const order = places.map((place) => script.findIndex((line) => place.test(line)));
  // Both files are looked at before anything goes out.
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order).not.toContain(-1);
  for (const file of ['pipe.yml', 'package.json']) {
    const line = script.find((each) => each.startsWith('grep') && each.endsWith(file)) ?? '';
    const holds = (tag: string) =>
      spawnSync('sh', ['-c', line], { cwd: root, env: { ...process.env, BITBUCKET_TAG: tag } }).status;
    expect([holds(version), holds('9.9.9')]).toEqual([0, 1]);
  }
});

test('pipe.yml says what a complete pipe says', () => {
  const party = z.strictObject({ name: z.string(), website: z.url() });
  const schema = z.strictObject({
    name: z.string(),
    image: z.string(),
    description: z.string(),
    category: z.string(),
    repository: z.url(),
    vendor: party,
    maintainer: party,
    tags: z.array(z.string()).nonempty(),
  });
  expect(() => schema.parse(parse(read('pipe.yml')))).not.toThrow();
});

const pipe = z.strictObject({
  pipe: z.literal(`org/codecommit-mirror:${version.replace(/\.\d+$/, '')}`),
  variables: z.record(z.string(), z.string()),
});
const step = z.object({ name: z.string(), script: z.array(z.union([z.string(), pipe])).nonempty() });
const steps = z.array(
  z.union([z.object({ step }), z.object({ parallel: z.array(z.object({ step })).nonempty() })]),
);
const pipelines = z.object({
  pipelines: z.strictObject({
    default: steps,
    tags: z.record(z.string(), steps),
    custom: z.record(z.string(), steps),
  }),
});

test('bitbucket-pipelines.yml: every pipeline mirrors, with variables that the pipe takes', async () => {
  const parsed = pipelines.parse(parse(read('bitbucket-pipelines.yml'), { merge: true })).pipelines;
  const all = [parsed.default, ...Object.values(parsed.tags), ...Object.values(parsed.custom)];
  expect(all).toHaveLength(4);
  for (const each of all) {
    const scripts = each.flatMap((part) => ('step' in part ? part.step.script : []));
    const [mirror] = scripts.flatMap((line) => (typeof line === 'string' ? [] : [line.variables]));
    const { SSH_KEY_ID: _id, CODECOMMIT_URL: _url, ...rest } = mirror ?? {};
    const example = {
      SSH_KEY_ID: 'APKAEXAMPLEEXAMPLE12',
      CODECOMMIT_URL: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
      SSH_KEY: createKeyPair().privateKey,
      BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/acme/app',
      BITBUCKET_BRANCH: 'main',
    };
    const settings = await readSettings({ ...example, ...rest }, { cwd: '/' });
    expect(settings.policy.force).toBe(true);
  }
});
