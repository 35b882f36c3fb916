import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { MirrorError } from '../../../src/errors';
import { parseConfiguration, readConfiguration } from '../../../src/fleet/configuration/configuration';
import { ConfigurationError, toFaultLine } from '../../../src/fleet/configuration/errors';

/** The example that the documentation of this program begins with. */
const example = `mirrors:
  - name: github-acme
    from: { host: github, owner: acme, token: $GITHUB_TOKEN, match: '^(svc|lib)-', exclude: ['svc-old-*'], archived: false, forks: false }
    to:   { host: codecommit, region: eu-west-1, repository: 'acme-{name}' }
    refs: { exclude: ['dependabot/*'] }
    force: true
    prune: true
  - name: audit-copy
    from: { host: codecommit, region: eu-west-1 }
    to:   { host: gitlab, url: https://git.example.com/, group: mirror/aws, token: $GITLAB_TOKEN }
`;

/** The faults of a text, each with its remedy. */
function faultsOf(text: string): readonly { fault: string; remedy: string }[] {
  try {
    parseConfiguration(text, 'mirrors.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect([error.code, error.exitCode]).toEqual(['fleet-configuration-invalid', 2]);
    expect(error.message).toBe(error.faults.map((each) => toFaultLine('mirrors.yaml', each)).join('\n'));
    return error.faults.map((each) => ({ fault: toFaultLine('mirrors.yaml', each), remedy: each.remedy }));
  }
}

const linesOf = (text: string) => faultsOf(text).map(({ fault }) => fault);

/** A file of one mirror that is fine, but for these lines below `mirrors[0]`. */
const withMirror = (lines: string) => `mirrors:
  - name: one
    ${lines.replaceAll('\n', '\n    ')}
`;

const from = 'from: { host: github, owner: acme, token: $T }';
const to = 'to: { host: codecommit, region: eu-west-1 }';

describe('a file', () => {
  it('becomes mirrors with every default', () => {
    const { mirrors, ...rest } = parseConfiguration(example, 'mirrors.yaml');
    expect(rest).toEqual({ concurrency: 4, concurrencyPerHost: 4 });
    expect(mirrors[0]).toEqual({
      name: 'github-acme',
      from: {
        host: 'github',
        url: 'https://github.com',
        owner: 'acme',
        token: { kind: 'variable', name: 'GITHUB_TOKEN' },
        match: '^(svc|lib)-',
        exclude: ['svc-old-*'],
        archived: false,
        forks: false,
      },
      to: {
        host: 'codecommit',
        region: 'eu-west-1',
        repository: 'acme-{name}',
        names: {},
        adopt: [],
      },
      selection: { refs: 'all', include: [], exclude: ['dependabot/*'] },
      policy: { force: true, prune: true, pruneLimit: 10 },
      backup: false,
      lfs: 'warn',
      timeoutMinutes: 110,
    });
    expect(mirrors[1]?.to).toMatchObject({ url: 'https://git.example.com', group: 'mirror/aws' });
  });

  it('may use anchors and <<', () => {
    const text = `mirrors:
  - &usual
    name: one
    ${from}
    ${to}
    force: true
  - <<: *usual
    name: two
    from: { host: github, owner: beta, token: $T }
`;
    expect(
      parseConfiguration(text, 'mirrors.yaml').mirrors.map(({ name, policy }) => [name, policy.force]),
    ).toEqual([
      ['one', true],
      ['two', true],
    ]);
  });

  it('is taken with each host as source and as destination', () => {
    const places = [
      'host: github, owner: acme, token: $T, url: https://github.example.com',
      'host: gitlab, group: acme/platform, token: file:/run/secrets/gitlab',
      'host: gitlab, user: jane, token: ssm:/fleet/gitlab',
      'host: bitbucket, workspace: acme, project: PLAT, email: jane@example.com, token: "$' + '{BITBUCKET}"',
      'host: bitbucket-datacenter, url: http://127.0.0.1:7990/bitbucket, project: ~jane, token: $T',
      'host: codecommit, region: us-east-1, role: "arn:aws:iam::123456789012:role/fleet/mirror"',
    ];
    const git = 'host: git, urls: ["https://git.example.com/acme/app.git"], username: jane, token: $T';
    const pairs = [...places, git].flatMap((source) => places.map((destination) => [source, destination]));
    for (const [source, destination] of pairs) {
      if (source === destination) continue;
      expect(faultsOf(withMirror(`from: { ${source} }\nto: { ${destination} }`))).toEqual([]);
    }
  });
});

describe('a fault', () => {
  test.each([
    [
      'a missing key',
      withMirror(`from: { host: github, token: $T }\n${to}`),
      'mirrors.yaml:3:11: mirrors[0].from.owner is missing; it must be the login of an organisation or user, such as acme.',
    ],
    [
      'an empty value',
      withMirror(`from:\n  host: github\n  owner:\n  token: $T\n${to}`),
      'mirrors.yaml:5:7: mirrors[0].from.owner is missing; it must be the login of an organisation or user, such as acme.',
    ],
    [
      'a wrong value',
      withMirror(`from: { host: github, owner: acme/app, token: $T }\n${to}`),
      'mirrors.yaml:3:34: mirrors[0].from.owner is "acme/app"; it must be the login of an organisation or user, such as acme.',
    ],
    [
      'yes',
      withMirror(`${from}\n${to}\nforce: yes`),
      'mirrors.yaml:5:12: mirrors[0].force is "yes"; it must be true or false.',
    ],
    [
      'a number out of range',
      withMirror(`${from}\n${to}\nprune_limit: -1`),
      'mirrors.yaml:5:18: mirrors[0].prune_limit is -1; it must be a whole number from 0 to 999999999.',
    ],
    [
      'a wrong word',
      withMirror(`${from}\n${to}\nlfs: Push`),
      'mirrors.yaml:5:10: mirrors[0].lfs is "Push"; it must be warn, fail or push.',
    ],
    [
      'a text for a list',
      withMirror(`${from}\n${to}\nrefs: { include: main }`),
      `mirrors.yaml:5:22: mirrors[0].refs.include is "main"; it must be a list of patterns, such as ['release/*'].`,
    ],
    [
      'a list for a text',
      withMirror(`from: { host: github, owner: [acme], token: $T }\n${to}`),
      'mirrors.yaml:3:34: mirrors[0].from.owner is a list; it must be the login of an organisation or user, such as acme.',
    ],
    [
      'an unknown host',
      withMirror(`from: { host: gitea, owner: acme }\n${to}`),
      'mirrors.yaml:3:19: mirrors[0].from.host is "gitea"; it must be one of github, gitlab, bitbucket, bitbucket-datacenter, codecommit, git.',
    ],
    [
      'no host',
      withMirror(`from: { owner: acme }\n${to}`),
      'mirrors.yaml:3:11: mirrors[0].from.host is missing; it must be one of github, gitlab, bitbucket, bitbucket-datacenter, codecommit, git.',
    ],
    [
      'a plain git destination',
      withMirror(`${from}\nto: { host: git }`),
      'mirrors.yaml:4:17: mirrors[0].to.host is "git": nothing can be created on a plain git host; it must be one of github, gitlab, bitbucket, bitbucket-datacenter, codecommit.',
    ],
    [
      'a bad expression',
      withMirror(`from: { host: github, owner: acme, token: $T, match: '(svc' }\n${to}`),
      `mirrors.yaml:3:58: mirrors[0].from.match is "(svc"; it must be a regular expression of JavaScript (Unterminated group).`,
    ],
    [
      'a bad expression in a list',
      withMirror(`from: { host: github, owner: acme, token: $T, exclude: ['a*', '/[/'] }\n${to}`),
      `mirrors.yaml:3:67: mirrors[0].from.exclude[1] is "/[/"; it must be a pattern such as 'svc-old-*', or a regular expression between slashes.`,
    ],
    [
      'a template without a name',
      withMirror(`${from}\nto: { host: codecommit, region: eu-west-1, repository: '{owner}' }`),
      'mirrors.yaml:4:60: mirrors[0].to.repository is "{owner}"; it must be a name with {name} or {slug} in it; beside these, {owner}, {group}, letters, digits and . _ - are taken.',
    ],
    [
      'a login in an address',
      withMirror(
        `from: { host: github, url: 'https://jane:pa55word@github.example.com', owner: acme, token: $T }\n${to}`,
      ),
      'mirrors.yaml:3:32: mirrors[0].from.url is "***@github.example.com"; it must be the address of the host, https://<host>, without a login in it (http:// only on this machine).',
    ],
    [
      'an address in clear text',
      withMirror(`from: { host: github, url: 'http://github.example.com', owner: acme, token: $T }\n${to}`),
      'mirrors.yaml:3:32: mirrors[0].from.url is "http://github.example.com"; it must be the address of the host, https://<host>, without a login in it (http:// only on this machine).',
    ],
    [
      'group and user',
      withMirror(`from: { host: gitlab, group: acme, user: jane, token: $T }\n${to}`),
      'mirrors.yaml:3:40: mirrors[0].from has both group and user; it must have one of them.',
    ],
    [
      'neither',
      withMirror(`from: { host: gitlab, token: $T }\n${to}`),
      'mirrors.yaml:3:11: mirrors[0].from has neither group nor user; it must have one of them.',
    ],
    [
      'no addresses',
      withMirror(`from: { host: git, urls: [] }\n${to}`),
      'mirrors.yaml:3:30: mirrors[0].from.urls is an empty list; it must be a list of one address or more.',
    ],
    [
      'a mirror onto itself',
      withMirror(
        `from: { host: github, owner: acme, token: $T }\nto: { host: github, url: https://GitHub.com/, owner: ACME, token: $T, repository: 'copy-{name}' }`,
      ),
      'mirrors.yaml:4:9: mirrors[0].to is the same place as from; a mirror must go somewhere else.',
    ],
    [
      'no mirrors',
      'mirrors: []\n',
      'mirrors.yaml:1:10: mirrors is an empty list; it must be a list of one mirror or more.',
    ],
    ['an empty file', '', 'mirrors.yaml:1:1: The file is missing; it must be a map with the key mirrors.'],
    [
      'a tab',
      'mirrors:\n\t- name: one\n',
      'mirrors.yaml:2:1: This line is indented with a tab, which YAML does not take.',
    ],
    [
      'a pattern without quotes',
      withMirror(`from: { host: github, owner: acme, token: $T, exclude: [*-old] }\n${to}`),
      'mirrors.yaml:3:61: This value begins with * and is read as an alias of YAML.',
    ],
    [
      'a second document',
      `${withMirror(`${from}\n${to}`)}---\nmirrors: []\n`,
      'mirrors.yaml:5:1: A second YAML document begins here; this file has one.',
    ],
  ])('is told with its place: %s', (_name, text, expected) => {
    const faults = faultsOf(text);
    expect(faults.map(({ fault }) => fault)).toEqual([expected]);
    for (const { remedy } of faults) expect(remedy).toMatch(/^[A-Z].*\.$/s);
  });

  test.each([
    [
      'org',
      withMirror(`from: { host: github, org: acme, owner: acme, token: $T }\n${to}`),
      'Did you mean owner? Otherwise remove it.',
    ],
    [
      'prunelimit',
      withMirror(`${from}\n${to}\nprunelimit: 5`),
      'Did you mean prune_limit? Otherwise remove it.',
    ],
    [
      'timeout',
      `timeout: 5\n${withMirror(`${from}\n${to}`)}`,
      'Did you mean timeout_minutes? Otherwise remove it.',
    ],
    [
      'archived of Bitbucket Cloud',
      withMirror(`from: { host: bitbucket, workspace: acme, token: $T, archived: false }\n${to}`),
      'The keys here are host, url, workspace, project, email, token, match, exclude, forks.',
    ],
  ])('of an unknown key says which one was meant: %s', (_name, text, remedy) => {
    expect(faultsOf(text).map((each) => each.remedy)).toEqual([remedy]);
  });

  it('does not hide the others', () => {
    const text = `concurrency: many
mirrors:
  - name: -one
    from: { host: gitlab, match: '[', token: $T }
    to: { host: codecommit, region: eu-west, repo: x }
    prun: true
    force: true
    force: false
  - name: Two
    ${from}
    ${to}
  - name: two
    ${from}
    ${to}
`;
    expect(linesOf(text).map((line) => line.split(':').slice(0, 3).join(':'))).toEqual([
      'mirrors.yaml:1:14',
      'mirrors.yaml:3:11',
      'mirrors.yaml:4:11',
      'mirrors.yaml:4:34',
      'mirrors.yaml:5:37',
      'mirrors.yaml:5:46',
      'mirrors.yaml:6:5',
      'mirrors.yaml:8:5',
      'mirrors.yaml:12:11',
    ]);
  });
});

describe('a secret in the file', () => {
  const secrets = [
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'glpat-ABCDEFGHIJKLMNOPQRST',
    'hunter2',
    '12345678',
    '$(cat token)',
    'file:token',
    `"$${'{{ secrets.GITHUB_TOKEN }}'}"`,
    'arn:aws:secretsmanager:eu-west-1:12:secret:x',
    'ATATT3xFfGF0abc',
  ];

  test.each(secrets)('is a fault that does not show it: %s', (secret) => {
    const [fault, ...more] = faultsOf(
      withMirror(`from: { host: github, owner: acme, token: ${secret} }\n${to}`),
    );
    expect(more).toEqual([]);
    expect(fault?.fault).toContain(
      'mirrors[0].from.token is not a reference (not shown); it must be a reference: $NAME',
    );
    expect(JSON.stringify(fault)).not.toContain(secret.replaceAll('"', ''));
  });

  test.each([
    [
      'in another key',
      (secret: string) => withMirror(`from: { host: github, owner: ${secret}/x, token: $T }\n${to}`),
    ],
    [
      'as a key',
      (secret: string) => withMirror(`from: { host: github, owner: acme, ${secret}: 1, token: $T }\n${to}`),
    ],
    [
      'in a broken file',
      (secret: string) => withMirror(`from: { host: github, owner: acme, token: "${secret}\\q" ]\n${to}`),
    ],
    ['out of place', (secret: string) => `${withMirror(`${from}\n${to}`)}"${secret}"\n`],
    [
      'as an alias',
      (secret: string) => withMirror(`from: { host: github, owner: acme, token: *${secret} }\n${to}`),
    ],
  ])('%s is not shown either', (_name, toText) => {
    const [secret = ''] = secrets;
    const faults = faultsOf(toText(secret));
    expect(faults.length).toBeGreaterThan(0);
    expect(JSON.stringify(faults)).not.toContain(secret);
  });
});

describe('reading', () => {
  it('reads the file, and says when there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ccm-fleet-'));
    try {
      const file = join(folder, 'mirrors.yaml');
      const missing = await readConfiguration(file).catch((error: unknown) => error);
      expect(missing).toBeInstanceOf(MirrorError);
      expect(missing).toMatchObject({ code: 'fleet-configuration-invalid', exitCode: 2 });
      await writeFile(file, example);
      expect((await readConfiguration(file)).mirrors).toHaveLength(2);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
