import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bitbucketCloudDeliveries } from '../../../../src/fleet/hosts/webhooks/bitbucketCloud';
import { bitbucketDataCenterDeliveries } from '../../../../src/fleet/hosts/webhooks/bitbucketDataCenter';
import type { Deliveries, Delivery, Hint } from '../../../../src/fleet/hosts/webhooks/delivery';
import { githubDeliveries } from '../../../../src/fleet/hosts/webhooks/github';
import { gitlabDeliveries, toSigningToken } from '../../../../src/fleet/hosts/webhooks/gitlab';

const now = Date.UTC(2026, 10, 26, 12);
const [current, before] = ['the-secret-in-use', 'the-secret-before'];
const both = [current, before];
const seconds = Math.floor(now / 1_000);

type Sign = (body: string, secret: string) => Record<string, string>;

const hmac = (body: string, secret: string) => createHmac('sha256', secret).update(body).digest('hex');
const toHub: Sign = (body, secret) => ({ 'x-hub-signature': `sha256=${hmac(body, secret)}` });
const toGithub: Sign = (body, secret) => ({
  'x-hub-signature-256': `sha256=${hmac(body, secret)}`,
  'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
});
const toToken: Sign = (_body, secret) => ({ 'x-gitlab-token': secret });
const toStandard = (body: string, secret: string, at = seconds) => {
  const key = Buffer.from(toSigningToken(secret).replace('whsec_', ''), 'base64');
  const text = `msg_1.${at}.${body}`;
  const signature = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': String(at), 'webhook-signature': signature };
};

const hosts: readonly (readonly [string, Deliveries, Sign])[] = [
  ['GitHub', githubDeliveries, toGithub],
  ['GitLab with a signing token', gitlabDeliveries, toStandard],
  ['GitLab with a secret token', gitlabDeliveries, toToken],
  ['Bitbucket Cloud', bitbucketCloudDeliveries, toHub],
  ['Bitbucket Data Center', bitbucketDataCenterDeliveries, toHub],
];

describe.each(hosts)('a delivery of %s', (name, deliveries, sign) => {
  const body = '{"ref":"refs/heads/“ü”"}';
  const deliver = (headers: Record<string, string>, text = body): Delivery => ({
    headers,
    body: Buffer.from(text),
  });
  const isGenuine = (delivery: Delivery, secrets: readonly string[] = both) =>
    deliveries.isGenuine(delivery, secrets, now);

  it('is genuine with the secret in use and with the one before, and not with another one', () => {
    expect(isGenuine(deliver(sign(body, current)))).toBe(true);
    expect(isGenuine(deliver(sign(body, before)))).toBe(true);
    expect(isGenuine(deliver(sign(body, before)), [current])).toBe(false);
    expect(isGenuine(deliver(sign(body, 'another')))).toBe(false);
    expect(isGenuine(deliver(sign(body, current)), [])).toBe(false);
  });

  it('is not genuine without a signature, or with an empty secret', () => {
    expect(isGenuine(deliver({}))).toBe(false);
    expect(isGenuine(deliver({}), [''])).toBe(false);
    expect(isGenuine(deliver(sign(body, '')), ['', current])).toBe(false);
    for (const header of Object.keys(sign(body, current))) {
      expect(isGenuine(deliver({ ...sign(body, current), [header]: '' }))).toBe(
        header === 'x-hub-signature' && name === 'GitHub',
      );
    }
  });
});

// GitLab's secret token says nothing about the body.
describe.each(hosts.filter(([name]) => !name.includes('secret token')))(
  'a delivery of %s',
  (_name, deliveries, sign) => {
    it('is not genuine when a byte of its body is another one', () => {
      const body = '{"ref":"refs/heads/“ü”"}';
      const isGenuine = (text: string) =>
        deliveries.isGenuine({ headers: sign(body, current), body: Buffer.from(text) }, both, now);
      expect(isGenuine(body)).toBe(true);
      expect(isGenuine(body.replace('ü', 'u'))).toBe(false);
      expect(isGenuine(`${body}\n`)).toBe(false);
    });
  },
);

describe('signatures', () => {
  it('GitHub: the example of its documentation', () => {
    const body = Buffer.from('Hello, World!');
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const secret = "It's a Secret to Everybody";
    expect(
      githubDeliveries.isGenuine({ headers: { 'x-hub-signature-256': signature }, body }, [secret], now),
    ).toBe(true);
  });

  it('Bitbucket Cloud: the example of its documentation', () => {
    const body = Buffer.from('Hello World!');
    const signature = 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9';
    const secret = "It's a Secret to Everybody";
    const delivery = { headers: { 'x-hub-signature': signature }, body };
    expect(bitbucketCloudDeliveries.isGenuine(delivery, [secret], now)).toBe(true);
  });

  it('GitHub: SHA-1 alone is not enough', () => {
    const { 'x-hub-signature': sha1 = '' } = toGithub('{}', current);
    const delivery = { headers: { 'x-hub-signature': sha1 }, body: Buffer.from('{}') };
    expect(githubDeliveries.isGenuine(delivery, both, now)).toBe(false);
    expect(bitbucketCloudDeliveries.isGenuine(delivery, both, now)).toBe(false);
  });

  it('GitLab: old and future ones are refused, and so is a signed one that only has the right token', () => {
    const body = '{}';
    const at = (second: number) =>
      gitlabDeliveries.isGenuine(
        { headers: toStandard(body, current, second), body: Buffer.from(body) },
        both,
        now,
      );
    expect([at(seconds - 300), at(seconds + 300)]).toEqual([true, true]);
    expect([at(seconds - 301), at(seconds + 301)]).toEqual([false, false]);
    const headers = { ...toStandard(body, 'another'), ...toToken(body, current) };
    expect(gitlabDeliveries.isGenuine({ headers, body: Buffer.from(body) }, both, now)).toBe(false);
  });

  it('GitLab: one of several signatures is enough, and a signing token serves as it is', () => {
    const body = '{}';
    const token = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    expect(toSigningToken(token)).toBe(token);
    const signed = toStandard(body, token);
    const headers = { ...signed, 'webhook-signature': `v1,AAAA ${signed['webhook-signature']} v2,BBBB` };
    expect(gitlabDeliveries.isGenuine({ headers, body: Buffer.from(body) }, [token], now)).toBe(true);
    expect(Buffer.from(toSigningToken(current).replace('whsec_', ''), 'base64')).toHaveLength(32);
  });

  it('Data Center: only its ping may come without one', () => {
    const ping = { headers: { 'x-event-key': 'diagnostics:ping' }, body: Buffer.from('{"test":true}') };
    expect(bitbucketDataCenterDeliveries.isGenuine(ping, both, now)).toBe(true);
    const wrong = { ...ping, headers: { ...ping.headers, ...toHub('{"test":true}', 'another') } };
    expect(bitbucketDataCenterDeliveries.isGenuine(wrong, both, now)).toBe(false);
    const push = { headers: { 'x-event-key': 'repo:refs_changed' }, body: ping.body };
    expect(bitbucketDataCenterDeliveries.isGenuine(push, both, now)).toBe(false);
  });
});

/** Bodies as the hosts' documentation shows them, shortened. */
const githubRepository = {
  id: 186_853_002,
  node_id: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
  name: 'Hello-World',
  full_name: 'Codertocat/Hello-World',
  private: false,
};
const githubPush = {
  ref: 'refs/tags/simple-tag',
  before: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
  after: '0000000000000000000000000000000000000000',
  created: false,
  deleted: true,
  forced: false,
  base_ref: null,
  commits: [],
  head_commit: null,
  repository: githubRepository,
};
const gitlabPush = {
  object_kind: 'push',
  event_name: 'push',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  ref: 'refs/heads/master',
  ref_protected: true,
  checkout_sha: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  project_id: 15,
  project: { id: 15, name: 'Diaspora', path_with_namespace: 'mike/diaspora' },
  commits: [],
  total_commits_count: 4,
};
const gitlabProject = {
  event_name: 'project_create',
  created_at: '2024-10-07T10:43:48Z',
  updated_at: '2024-10-07T10:43:48Z',
  name: 'project1',
  path: 'project1',
  path_with_namespace: 'group1/project1',
  project_id: 22,
  project_namespace_id: 32,
  project_visibility: 'private',
};
const gitlabSubgroup = {
  created_at: '2021-01-20T09:40:12Z',
  event_name: 'subgroup_create',
  name: 'subgroup1',
  full_path: 'group1/subgroup1',
  group_id: 10,
  parent_group_id: 7,
};
const cloudPush = {
  actor: { type: 'user', display_name: 'Emma' },
  repository: {
    type: 'repository',
    full_name: 'team_name/repo_name',
    uuid: '{673a6070-3421-46c9-9d48-90745f7bfe8e}',
    is_private: true,
  },
  push: {
    changes: [{ new: null, old: { type: 'branch', name: 'name-of-branch' }, closed: true, forced: false }],
  },
};
const serverPush = {
  eventKey: 'repo:refs_changed',
  date: '2017-09-19T09:45:32+1000',
  actor: { name: 'admin', id: 1, slug: 'admin', type: 'NORMAL' },
  repository: {
    slug: 'repository',
    id: 84,
    name: 'repository',
    scmId: 'git',
    state: 'AVAILABLE',
    project: { key: 'PROJ', id: 84, name: 'project', public: false, type: 'NORMAL' },
    public: false,
  },
  changes: [
    {
      ref: { id: 'refs/heads/master', displayId: 'master', type: 'BRANCH' },
      refId: 'refs/heads/master',
      fromHash: 'ecddabb624f6f5ba43816f5926e580a5f680a932',
      toHash: '178864a7d521b6f5e720b386b2c2b0ef8563e0dc',
      type: 'UPDATE',
    },
  ],
};

const look = (id: string | number): Hint => ({ kind: 'look', identity: `host.example#${id}` });
const list: Hint = { kind: 'list' };
const ping: Hint = { kind: 'ping' };
const ignored: Hint = { kind: 'ignored' };

const bodies: readonly (readonly [string, Deliveries, Record<string, string>, unknown, Hint])[] = [
  ['GitHub push', githubDeliveries, { 'x-github-event': 'push' }, githubPush, look(186_853_002)],
  [
    'GitHub create',
    githubDeliveries,
    { 'x-github-event': 'create' },
    { ref: 'simple-tag', ref_type: 'tag', repository: githubRepository },
    look(186_853_002),
  ],
  [
    'GitHub repository',
    githubDeliveries,
    { 'x-github-event': 'repository' },
    { action: 'renamed', repository: githubRepository },
    list,
  ],
  [
    'GitHub ping',
    githubDeliveries,
    { 'x-github-event': 'ping' },
    { zen: 'Keep it logically awesome.', hook_id: 109_948_940 },
    ping,
  ],
  [
    'GitHub star',
    githubDeliveries,
    { 'x-github-event': 'star' },
    { action: 'created', repository: githubRepository },
    ignored,
  ],
  ['GitHub without an event', githubDeliveries, {}, githubPush, ignored],
  ['GitLab push', gitlabDeliveries, { 'x-gitlab-event': 'Push Hook' }, gitlabPush, look(15)],
  [
    'GitLab tag push',
    gitlabDeliveries,
    { 'x-gitlab-event': 'Tag Push Hook' },
    { ...gitlabPush, object_kind: 'tag_push', event_name: 'tag_push' },
    look(15),
  ],
  [
    'GitLab system hook',
    gitlabDeliveries,
    { 'x-gitlab-event': 'System Hook' },
    { event_name: 'repository_update', project_id: 1, changes: [] },
    look(1),
  ],
  ['GitLab project', gitlabDeliveries, { 'x-gitlab-event': 'Project Hook' }, gitlabProject, list],
  [
    'GitLab deleted project',
    gitlabDeliveries,
    { 'x-gitlab-event': 'Project Hook' },
    { ...gitlabProject, event_name: 'project_destroy' },
    list,
  ],
  ['GitLab subgroup', gitlabDeliveries, { 'x-gitlab-event': 'Subgroup Hook' }, gitlabSubgroup, list],
  [
    'GitLab issue',
    gitlabDeliveries,
    { 'x-gitlab-event': 'Issue Hook' },
    { object_kind: 'issue', event_type: 'issue', project: { id: 1 } },
    ignored,
  ],
  [
    'Bitbucket push',
    bitbucketCloudDeliveries,
    { 'x-event-key': 'repo:push' },
    cloudPush,
    look('673a6070-3421-46c9-9d48-90745f7bfe8e'),
  ],
  [
    'Bitbucket deleted',
    bitbucketCloudDeliveries,
    { 'x-event-key': 'repo:deleted' },
    { repository: cloudPush.repository },
    list,
  ],
  [
    'Bitbucket comment',
    bitbucketCloudDeliveries,
    { 'x-event-key': 'repo:commit_comment_created' },
    cloudPush,
    ignored,
  ],
  [
    'Data Center push',
    bitbucketDataCenterDeliveries,
    { 'x-event-key': 'repo:refs_changed' },
    serverPush,
    look(84),
  ],
  [
    'Data Center modified',
    bitbucketDataCenterDeliveries,
    { 'x-event-key': 'repo:modified' },
    { eventKey: 'repo:modified', old: {}, new: {} },
    list,
  ],
  [
    'Data Center ping',
    bitbucketDataCenterDeliveries,
    { 'x-event-key': 'diagnostics:ping' },
    { test: true },
    ping,
  ],
  [
    'Data Center comment',
    bitbucketDataCenterDeliveries,
    { 'x-event-key': 'repo:comment:added' },
    serverPush,
    ignored,
  ],
];

describe('what a delivery tells', () => {
  it.each(bodies)('%s', (_name, deliveries, headers, body, expected) => {
    const parse = (text: string, more = {}) =>
      deliveries.parse({ headers: { ...headers, ...more }, body: Buffer.from(text) }, 'host.example');
    expect(parse(JSON.stringify(body))).toEqual(expected);
    // Whatever else comes under this name leads to no identity, and to no error.
    for (const text of ['', '{', 'null', '[]', '{"repository":{"id":"x; rm"}}', '{"project_id":{}}'])
      expect(parse(text).kind).not.toBe('look');
  });

  it('GitHub as a form', () => {
    const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(githubPush) }).toString());
    const headers = { 'x-github-event': 'push', 'content-type': 'application/x-www-form-urlencoded' };
    expect(githubDeliveries.parse({ headers, body }, 'host.example')).toEqual(look(186_853_002));
  });
});
