import type { HostContext } from '../../../src/fleet/hosts/api/settings';
import { openBitbucketCloud } from '../../../src/fleet/hosts/bitbucketCloud';
import { openBitbucketDataCenter } from '../../../src/fleet/hosts/bitbucketDataCenter';
import { openGithub } from '../../../src/fleet/hosts/github';
import { openGitlab } from '../../../src/fleet/hosts/gitlab';
import type { Host } from '../../../src/fleet/hosts/host';
import type { HostRepository } from '../../../src/fleet/hosts/repository';
import { openBitbucketCloudServer } from '../../../src/sandbox/hosts/bitbucketCloud';
import { openBitbucketDataCenterServer } from '../../../src/sandbox/hosts/bitbucketDataCenter';
import { openGithubServer } from '../../../src/sandbox/hosts/github';
import { openGitlabServer } from '../../../src/sandbox/hosts/gitlab';
import type { NewStoredRepository, StoredRepository } from '../../../src/sandbox/hosts/repositories';
import type { HostServer, HostServerOptions, HostToken } from '../../../src/sandbox/hosts/server';

/** One kind of host with its fake, for what all of them have to do. */
export interface Rig extends AsyncDisposable {
  readonly server: HostServer;
  /** The owner `acme`, or another one. */
  open(context: HostContext, more?: { readonly token?: string; readonly owner?: string }): Host;
  /** A repository of the owner. */
  add(name: string, more?: Partial<NewStoredRepository>): StoredRepository;
  /** As the host must describe it. */
  expected(repository: StoredRepository): HostRepository;
  /** Requests for pages of the listing, and for the second page. */
  readonly list: RegExp;
  readonly secondPage: RegExp;
  readonly token: HostToken;
  readonly invalidName: string;
}

export const tokenText = 'fleet-token-of-the-tests-0123456789';

export type OpenRig = (options?: HostServerOptions) => Promise<Rig>;

function toExpected(each: StoredRepository): Omit<HostRepository, 'identity' | 'url'> {
  return {
    owner: each.owner,
    name: each.name,
    description: each.description,
    isPrivate: each.isPrivate,
    isArchived: each.isArchived,
    isFork: each.isFork,
    isBeingDeleted: each.isBeingDeleted,
    changedAt: each.changedAt,
    bytes: each.bytes,
  };
}

const github: OpenRig = async (options) => {
  const server = await openGithubServer(options);
  const token: HostToken = { user: 'bot', scopes: ['repo', 'read:org', 'admin:org_hook'] };
  server.tokens.set(tokenText, token);
  const authority = new URL(server.url).host;
  return {
    server,
    token,
    open: (context, { token: text = tokenText, owner = 'acme' } = {}) =>
      openGithub({ url: server.url, owner, readToken: async () => text }, context),
    add: (name, more) => server.repositories.add({ owner: 'acme', name, ...more }),
    expected: (each) => ({
      ...toExpected(each),
      identity: `${authority}#${each.id}`,
      url: `${server.url}/${each.owner}/${each.name}.git`,
      bytes: Math.ceil(each.bytes / 1_024) * 1_024,
    }),
    list: /^GET .*\/orgs\/\w+\/repos/,
    secondPage: /^GET .*\/orgs\/\w+\/repos.*per_page=100&page=2/,
    invalidName: 'no spaces',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

const gitlab: OpenRig = async (options) => {
  const server = await openGitlabServer(options);
  const token: HostToken = { user: 'bot', scopes: ['api', 'read_api', 'read_repository'] };
  server.tokens.set(tokenText, token);
  const authority = new URL(server.url).host;
  return {
    server,
    token,
    open: (context, { token: text = tokenText, owner = 'acme' } = {}) =>
      openGitlab({ url: server.url, owner: { group: owner }, readToken: async () => text }, context),
    add: (name, more) => server.repositories.add({ owner: 'acme', name, ...more }),
    expected: (each) => ({
      ...toExpected(each),
      identity: `${authority}#${each.id}`,
      url: `${server.url}/${each.owner}/${each.name}.git`,
      bytes: undefined,
    }),
    list: /^GET .*\/groups\/\w+\/projects/,
    secondPage: /^GET .*\/groups\/\w+\/projects.*[?&]page=2/,
    invalidName: 'app.git',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

const bitbucketCloud: OpenRig = async (options) => {
  const server = await openBitbucketCloudServer(options);
  const scopes = ['repository:bitbucket', 'webhook:bitbucket'].flatMap((what) =>
    ['read', 'write', 'delete', 'admin'].map((verb) => `${verb}:${what}`),
  );
  const token: HostToken = { user: 'workspace-token', scopes };
  server.tokens.set(tokenText, token);
  const authority = new URL(server.url).host;
  return {
    server,
    token,
    open: (context, { token: text = tokenText, owner = 'acme' } = {}) =>
      openBitbucketCloud({ url: server.url, workspace: owner, readToken: async () => text }, context),
    add: (name, more) => server.repositories.add({ owner: 'acme', name, ...more }),
    expected: (each) => ({
      ...toExpected(each),
      identity: `${authority}#${each.uuid}`,
      url: `${server.url}/${each.owner}/${each.name}.git`,
      isArchived: false,
    }),
    list: /^GET \/2\.0\/repositories\/\w+\?/,
    secondPage: /^GET \/2\.0\/repositories\/\w+\?.*page=2/,
    invalidName: 'no spaces',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

const bitbucketDataCenter: OpenRig = async (options) => {
  const server = await openBitbucketDataCenterServer(options);
  const token: HostToken = { user: 'bot', scopes: ['PROJECT_ADMIN'] };
  server.tokens.set(tokenText, token);
  server.pageSize = 100;
  const authority = new URL(server.url).host;
  return {
    server,
    token,
    open: (context, { token: text = tokenText, owner = 'ACME' } = {}) =>
      openBitbucketDataCenter({ url: server.url, project: owner, readToken: async () => text }, context),
    add: (name, more) => server.repositories.add({ owner: 'ACME', name, ...more }),
    expected: (each) => ({
      ...toExpected(each),
      identity: `${authority}#${each.id}`,
      url: `${server.url}/scm/${each.owner.toLowerCase()}/${each.name}.git`,
      changedAt: undefined,
      bytes: undefined,
    }),
    list: /^GET .*\/projects\/\w+\/repos\?/,
    secondPage: /^GET .*\/projects\/\w+\/repos\?start=100/,
    invalidName: '-app',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

export const rigs: readonly (readonly [string, OpenRig])[] = [
  ['GitHub', github],
  ['GitLab', gitlab],
  ['Bitbucket Cloud', bitbucketCloud],
  ['Bitbucket Data Center', bitbucketDataCenter],
];
