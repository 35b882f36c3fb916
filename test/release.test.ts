import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { version } from '../package.json';
import { createKeyPair } from '../src/sandbox/server';
import { readSettings } from '../src/settings/settings';

const read = (file: string) => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8');

test('one version everywhere', () => {
  expect({
    manifest: /^image: org\/codecommit-mirror:(.*)$/m.exec(read('pipe.yml'))?.[1],
    changelog: /^## (.*)$/m.exec(read('CHANGELOG.md'))?.[1],
    label: /image\.version="(.*?)"/.exec(read('Dockerfile'))?.[1],
  }).toEqual({ manifest: version, changelog: version, label: version });
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
