import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseVariables } from '../../src/pipe/parseVariables';
import { findSecrets } from '../../src/pipe/secrets';
import { variables } from '../../src/pipe/variables';

const defaults = {
  CODECOMMIT_URL: [],
  REFS: 'current',
  INCLUDE: [],
  EXCLUDE: [],
  KNOWN_HOSTS: [],
  FORCE: false,
  PRUNE: false,
  PRUNE_LIMIT: 10,
  BACKUP: false,
  LFS: 'warn',
  PUSH_SIZE: 1024,
  CHECK: false,
  CODE_INSIGHTS: false,
  DRY_RUN: false,
  MAX_ATTEMPTS: 5,
  TIMEOUT: 110,
  DEBUG: false,
};

function messagesOf(env: Record<string, string>): readonly string[] {
  return parseVariables(env).faults.map(({ message }) => message);
}

describe('values', () => {
  test.each([
    [{}, {}],
    [{ FORCE: '', REFS: '', INCLUDE: '', PRUNE_LIMIT: '', SSH_KEY: '', INCLUDE_COUNT: '' }, {}],
    [
      { FORCE: 'true', PRUNE: 'false', DRY_RUN: 'true', DEBUG: 'true' },
      { FORCE: true, DRY_RUN: true, DEBUG: true },
    ],
    [
      { REFS: 'all', PRUNE_LIMIT: '0' },
      { REFS: 'all', PRUNE_LIMIT: 0 },
    ],
    [
      { INCLUDE: 'main, release/*\n refs/tags/v*,', EXCLUDE: 'x' },
      { INCLUDE: ['main', 'release/*', 'refs/tags/v*'], EXCLUDE: ['x'] },
    ],
    [
      { INCLUDE_COUNT: '3', INCLUDE_0: 'a,b', INCLUDE_1: '', INCLUDE_2: 'c', INCLUDE_3: 'd' },
      { INCLUDE: ['a,b', 'c'] },
    ],
    [{ INCLUDE_COUNT: '0', INCLUDE: 'a' }, {}],
    [{ KNOWN_HOSTS: 'a ssh-rsa b, c\r\nd' }, { KNOWN_HOSTS: ['a ssh-rsa b, c', 'd'] }],
    [
      { KNOWN_HOSTS_COUNT: '2', KNOWN_HOSTS_0: 'a b c', KNOWN_HOSTS_1: 'd e f\ng h i' },
      { KNOWN_HOSTS: ['a b c', 'd e f\ng h i'] },
    ],
    [
      { SSH_KEY_ID: 'x', AWS_DEFAULT_REGION: 'y' },
      { SSH_KEY_ID: 'x', AWS_DEFAULT_REGION: 'y' },
    ],
  ])('%j', (env, values) => {
    expect(parseVariables(env)).toEqual({ values: { ...defaults, ...values }, faults: [] });
  });
});

describe('faults', () => {
  const names = ['FORCE', 'PRUNE', 'DRY_RUN', 'DEBUG'];
  test.each(
    names.flatMap((name) =>
      ['yes', '0', '1', 'True', 'TRUE', ' true', 'false '].map((value) => [name, value] as const),
    ),
  )('%s is "%s"', (name, value) => {
    expect(parseVariables({ [name]: value })).toEqual({
      values: defaults,
      faults: [
        {
          variable: name,
          code: 'variables-invalid',
          message: `${name} is "${value}"; it must be true or false, in lower case.`,
          remedy: `Set ${name} to true or false, in lower case, or remove it to use its default, false.`,
        },
      ],
    });
  });

  test.each<readonly [Record<string, string>, string]>([
    [{ REFS: 'All' }, 'REFS is "All"; it must be current or all, in lower case.'],
    ...['-1', '1.5', 'ten', '1e3', ' 1', '9999999999'].map(
      (value) =>
        [{ PRUNE_LIMIT: value }, `PRUNE_LIMIT is "${value}"; it must be a whole number, 0 or more.`] as const,
    ),
    [
      { INCLUDE_COUNT: 'x' },
      'INCLUDE_COUNT is "x"; it must be the number of items of the list INCLUDE, at most 9999.',
    ],
    [
      { EXCLUDE_COUNT: '1000000000' },
      'EXCLUDE_COUNT is "1000000000"; it must be the number of items of the list EXCLUDE, at most 9999.',
    ],
    [
      { SSH_KEY_ID: '$KEY_ID' },
      'SSH_KEY_ID is "$KEY_ID", the name of a variable, not its value: Pipelines has no variable of that name here.',
    ],
    [
      { FORCE: '$FORCED' },
      'FORCE is "$FORCED", the name of a variable, not its value: Pipelines has no variable of that name here.',
    ],
    [
      { INCLUDE_COUNT: '2', INCLUDE_0: 'a', INCLUDE_1: '$B' },
      'INCLUDE is "$B", the name of a variable, not its value: Pipelines has no variable of that name here.',
    ],
    [
      { SSH_KEY: '$CODECOMMIT_KEY' },
      'SSH_KEY is the name of a variable, not its value: Pipelines has no variable of that name here.',
    ],
  ])('%j', (env, message) => {
    expect(messagesOf(env)).toEqual([message]);
  });

  it('are all reported at once, and the other values are read', () => {
    const { values, faults } = parseVariables({
      FORCE: 'yes',
      REFS: 'x',
      PRUNE_LIMIT: 'y',
      DEBUG: '$D',
      DRY_RUN: 'true',
    });
    expect(faults.map(({ variable }) => variable).sort()).toEqual(['DEBUG', 'FORCE', 'PRUNE_LIMIT', 'REFS']);
    expect(values).toEqual({ ...defaults, DRY_RUN: true });
  });
});

it('any environment gives values and at most a fault for each variable and item', () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('true', 'false', '$X', '3', 'all'));
  const env = fc.dictionary(
    fc.constantFrom(...variables.map(({ name }) => name), 'INCLUDE_COUNT', 'INCLUDE_0'),
    value,
  );
  fc.assert(
    fc.property(env, (given) => {
      const { values, faults } = parseVariables(given);
      expect(Object.keys(values)).toEqual(expect.arrayContaining(Object.keys(defaults)));
      for (const { variable, message } of faults) expect(message.startsWith(variable)).toBe(true);
    }),
  );
});

describe('secrets', () => {
  const secret = variables.filter((each) => each.secret).map(({ name }) => name);
  const urls = variables.filter((each) => each.carriesPassword).map(({ name }) => name);
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

  it('are the variables that the table marks', () => {
    expect(secret).toEqual(['SSH_KEY', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']);
    expect(urls).toEqual(['CODECOMMIT_URL', 'SOURCE_URL', 'SOURCE_PROXY']);
  });

  test.each([...secret, 'PIPELINES_JWT_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN'])('%s is found', (name) => {
    expect(findSecrets({ [name]: 'not-to-be-seen' })).toContain('not-to-be-seen');
  });

  test.each([...urls, ...proxies])('the password in %s is found, as it stands and decoded', (name) => {
    const found = findSecrets({ [name]: 'http://me:not%2Dto-be-seen@proxy.example.org:3128' });
    expect(found).toEqual(['not%2Dto-be-seen', 'not-to-be-seen']);
  });

  it('are not looked for elsewhere', () => {
    const others = variables.map(({ name }) => name).filter((name) => ![...secret, ...urls].includes(name));
    expect(findSecrets(Object.fromEntries(others.map((name) => [name, 'http://me:password@host'])))).toEqual(
      [],
    );
  });
});

describe('the documentation', () => {
  it('names every variable of the contract, in its order', () => {
    expect(
      variables.map(({ name, flag, required, secret, default: fallback }) => [
        name,
        flag,
        required ?? false,
        secret ?? false,
        fallback,
      ]),
    ).toEqual([
      ['CODECOMMIT_URL', '--codecommit-url <url...>', true, false, undefined],
      ['SSH_KEY_ID', '--ssh-key-id <id>', false, false, undefined],
      ['AWS_DEFAULT_REGION', '--aws-default-region <region>', false, false, undefined],
      ['SSH_KEY', undefined, false, true, undefined],
      ['KNOWN_HOSTS', '--known-hosts <line...>', false, false, undefined],
      ['AWS_OIDC_ROLE_ARN', '--aws-oidc-role-arn <arn>', false, false, undefined],
      ['AWS_ACCESS_KEY_ID', '--aws-access-key-id <id>', false, false, undefined],
      ['AWS_SECRET_ACCESS_KEY', undefined, false, true, undefined],
      ['AWS_SESSION_TOKEN', undefined, false, true, undefined],
      ['CODECOMMIT_ENDPOINT', '--codecommit-endpoint <host>', false, false, undefined],
      ['REFS', '--refs <refs>', false, false, 'current'],
      ['INCLUDE', '--include <pattern...>', false, false, undefined],
      ['EXCLUDE', '--exclude <pattern...>', false, false, undefined],
      ['FORCE', '--force', false, false, 'false'],
      ['PRUNE', '--prune', false, false, 'false'],
      ['PRUNE_LIMIT', '--prune-limit <count>', false, false, '10'],
      ['BACKUP', '--backup', false, false, 'false'],
      ['LFS', '--lfs <what>', false, false, 'warn'],
      ['PUSH_SIZE', '--push-size <count>', false, false, '1024'],
      ['CHECK', undefined, false, false, 'false'],
      ['DRY_RUN', '--dry-run', false, false, 'false'],
      ['MAX_ATTEMPTS', '--max-attempts <count>', false, false, '5'],
      ['TIMEOUT', '--timeout <count>', false, false, '110'],
      ['CODE_INSIGHTS', undefined, false, false, 'false'],
      ['REPORT_FILE', '--report-file <file>', false, false, undefined],
      ['SOURCE_URL', '--source-url <url>', false, false, undefined],
      ['SOURCE_PROXY', '--source-proxy <url>', false, false, undefined],
      ['DEBUG', '--debug', false, false, 'false'],
    ]);
  });

  it('describes each in sentences, and gives the defaults that hold', () => {
    for (const { name, description, default: fallback } of variables) {
      expect(description).toMatch(/^\S.*\.$/);
      if (fallback === undefined) continue;
      expect(parseVariables({ [name]: fallback })).toEqual({ values: defaults, faults: [] });
    }
  });
});
