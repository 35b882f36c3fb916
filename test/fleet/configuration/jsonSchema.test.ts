import { Ajv } from 'ajv';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { toJsonSchema } from '../../../src/fleet/configuration/jsonSchema';

const validate = new Ajv({ strict: true, allErrors: true }).compile(toJsonSchema());

const sources = {
  github: { host: 'github', owner: 'acme', token: '$T' },
  git: { host: 'git', urls: ['https://git.example.com/app.git'] },
};
const to = { host: 'codecommit', region: 'eu-west-1' };

/** Every map with keys in the schema, by its path. */
function mapsOf(schema: unknown, path = ''): [string, Record<string, Record<string, unknown>>][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own: [string, Record<string, Record<string, unknown>>][] =
    'properties' in schema && path.match(/properties$/) === null ? [[path, Object(schema.properties)]] : [];
  return [...own, ...Object.entries(schema).flatMap(([key, value]) => mapsOf(value, `${path}/${key}`))];
}

describe('the JSON Schema', () => {
  it('takes a small file, and one with every key', () => {
    const every = {
      name: 'one',
      from: {
        ...sources.github,
        url: 'https://x.example',
        match: 'x',
        exclude: ['y'],
        archived: true,
        forks: false,
      },
      to: {
        ...to,
        role: 'arn:aws:iam::123456789012:role/x',
        external_id: 'an-external-id',
        repository: '{name}',
        names: { a: 'b' },
        adopt: ['c'],
      },
      refs: { include: ['main'], exclude: ['x'] },
      force: true,
      prune: true,
      prune_limit: 5,
      backup: true,
      lfs: 'push',
      timeout_minutes: 5,
    };
    const small = Object.values(sources).map((from) => ({ name: 'small', from, to }));
    const file = { mirrors: [every, ...small], concurrency: 2, concurrency_per_host: 1, timeout_minutes: 9 };
    expect([validate(file), validate.errors]).toEqual([true, null]);
  });

  test.each([
    [{}],
    [{ mirrors: [] }],
    [{ mirrors: [{ name: 'x', from: sources.github }] }],
    [{ mirrors: [{ name: 'x', from: sources.github, to, other: 1 }] }],
    [{ mirrors: [{ name: 'x', from: { ...sources.github, token: 'ghp_literal' }, to }] }],
    [{ mirrors: [{ name: 'x', from: { ...sources.github, group: 'x' }, to }] }],
    [{ mirrors: [{ name: 'x', from: sources.github, to: sources.git }] }],
    [{ mirrors: [{ name: 'x', from: sources.github, to, lfs: 'yes' }] }],
    [{ mirrors: [{ name: 'x', from: sources.github, to, prune_limit: -1 }] }],
    [{ mirrors: [{ name: 'x', from: sources.github, to }], concurrency: 0 }],
  ])('refuses %j', (file) => {
    expect(validate(file)).toBe(false);
  });

  it('has a description for every key, which editors show', () => {
    const maps = mapsOf(toJsonSchema());
    expect(maps.length).toBeGreaterThan(12);
    for (const [path, keys] of maps)
      for (const [key, { description }] of Object.entries(keys))
        expect([path, key, description]).toEqual([path, key, expect.stringMatching(/^[A-Z`].*[.`]$/s)]);
  });

  it('is plain data', () => {
    expect(parse(JSON.stringify(toJsonSchema()))).toEqual(toJsonSchema());
  });
});
