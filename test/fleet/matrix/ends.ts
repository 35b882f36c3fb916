import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCounts } from '../../../src/sandbox/counts';
import { openBitbucketCloudServer } from '../../../src/sandbox/hosts/bitbucketCloud';
import { openBitbucketDataCenterServer } from '../../../src/sandbox/hosts/bitbucketDataCenter';
import { type CodeCommitServer, openCodeCommitServer } from '../../../src/sandbox/hosts/codeCommit';
import { openGithubServer } from '../../../src/sandbox/hosts/github';
import { openGitlabServer } from '../../../src/sandbox/hosts/gitlab';
import type { HostServer } from '../../../src/sandbox/hosts/server';
import { createCertificate } from '../../../src/sandbox/https/certificate';
import { openHttpsFace } from '../../../src/sandbox/https/face';
import { createRepository } from '../../../src/sandbox/repository';

export const destinationKinds = [
  'github',
  'gitlab',
  'bitbucket',
  'bitbucket-datacenter',
  'codecommit',
] as const;
export type DestinationKind = (typeof destinationKinds)[number];
export const sourceKinds = [...destinationKinds, 'git'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** One side of a mirror: a host's fake with real git, and what mirrors.yaml and the environment say of it. */
export interface MatrixEnd extends AsyncDisposable {
  /** `from` or `to`, once the repositories are there. */
  configuration(): Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** Makes a repository that is to be mirrored. Gives its path on disk. */
  add(name: string): Promise<string>;
  /** Where the repository of this name is on disk; undefined where there is none. */
  find(name: string): Promise<string | undefined>;
  /** Names of all its repositories, and whether anybody may read one of them. */
  readonly all: readonly string[];
  readonly hasPublic: boolean;
}

const region = 'eu-west-1';

export async function openEnd(kind: SourceKind, root: string, owner: string): Promise<MatrixEnd> {
  await mkdir(root, { recursive: true });
  return kind === 'codecommit' ? await openCodeCommitEnd(root) : await openHostEnd(kind, root, owner);
}

/** Made once a test file: an RSA key takes a moment. */
const certificate = createCertificate();

async function openCodeCommitEnd(root: string): Promise<MatrixEnd> {
  const counts = createCounts();
  const face = await openHttpsFace({ root, certificate, region, faults: {}, counts });
  const server: CodeCommitServer = await openCodeCommitServer({
    toCloneUrl: (name) => `https://${face.host}/v1/repos/${name}`,
    onRepository: (name) => createRepository(root, name),
  });
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = server.env;
  face.allow({ accessKeyId, secretAccessKey });
  const authorities = join(root, 'authorities.pem');
  await writeFile(authorities, certificate.cert);
  return {
    configuration: () => ({ host: 'codecommit', region }),
    env: { ...server.env, SSL_CERT_FILE: authorities },
    async add(name) {
      server.add(name);
      return await createRepository(root, name);
    },
    find: async (name) =>
      server.repositories.some((each) => each.name === name) ? join(root, name) : undefined,
    get all() {
      return server.repositories.map(({ name }) => name);
    },
    hasPublic: false,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await face[Symbol.asyncDispose]();
    },
  };
}

type HostKind = Exclude<SourceKind, 'codecommit'>;

const tokenOf = (owner: string) => `token-of-${owner}-0123456789`;

async function openHostEnd(kind: HostKind, root: string, owner: string): Promise<MatrixEnd> {
  const variable = `TOKEN_OF_${owner.toUpperCase()}`;
  const text = tokenOf(owner);
  const place = kind === 'bitbucket-datacenter' ? owner.toUpperCase() : owner;
  const { server, scopes, configuration } = await openKind(kind, root, place, owner);
  server.tokens.set(text, { user: 'bot', scopes });
  const { repositories } = server;
  return {
    configuration: () => ({ host: kind, ...configuration(), token: `$${variable}` }),
    env: { [variable]: text },
    add: async (name) => await repositories.path(repositories.add({ owner: place, name })),
    async find(name) {
      const found = repositories.find(place, name);
      return found && (await repositories.path(found));
    },
    get all() {
      return repositories.all.map(({ name }) => name);
    },
    get hasPublic() {
      return repositories.all.some(({ isPrivate }) => !isPrivate);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

interface Opened {
  readonly server: HostServer;
  readonly scopes: readonly string[];
  readonly configuration: () => Readonly<Record<string, unknown>>;
}

async function openKind(kind: HostKind, root: string, place: string, owner: string): Promise<Opened> {
  switch (kind) {
    case 'github': {
      const server = await openGithubServer({ root });
      server.owners.set(place, 'Organization');
      const configuration = () => ({ url: server.url, owner: place });
      return { server, scopes: ['repo', 'read:org'], configuration };
    }
    case 'gitlab': {
      const server = await openGitlabServer({ root });
      server.groups.set(place, 9_000);
      const scopes = ['api', 'read_api', 'read_repository', 'write_repository'];
      return { server, scopes, configuration: () => ({ url: server.url, group: place }) };
    }
    case 'bitbucket': {
      const server = await openBitbucketCloudServer({ root });
      server.workspaces.add(place);
      const scopes = ['read', 'write', 'admin'].map((verb) => `${verb}:repository:bitbucket`);
      return { server, scopes, configuration: () => ({ url: server.url, workspace: place }) };
    }
    case 'bitbucket-datacenter': {
      const server = await openBitbucketDataCenterServer({ root });
      server.projects.set(place, { isPublic: false });
      // With a user name, as bearer tokens need git 2.46.
      server.passwords.set('bot', tokenOf(owner));
      server.tokens.set('bot', { user: 'bot', scopes: ['PROJECT_ADMIN'] });
      const configuration = () => ({ url: server.url, project: place, username: 'bot' });
      return { server, scopes: ['PROJECT_ADMIN'], configuration };
    }
    case 'git': {
      const server = await openGithubServer({ root });
      const configuration = () => ({
        urls: server.repositories.all.map(({ owner, name }) => `${server.url}/${owner}/${name}.git`),
      });
      return { server, scopes: ['repo'], configuration };
    }
  }
}
