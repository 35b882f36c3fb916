import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCounts } from '../counts';
import { openBitbucketCloudServer } from '../hosts/bitbucketCloud';
import { openCodeCommitServer } from '../hosts/codeCommit';
import { openGithubServer } from '../hosts/github';
import { openGitlabServer } from '../hosts/gitlab';
import type { HostServer } from '../hosts/server';
import { createCertificate } from '../https/certificate';
import { openHttpsFace } from '../https/face';
import { createRepository } from '../repository';
import type { DemoShell } from './shell';
import { createDemoSource, openDemoSource } from './source';

export type DemoHost = 'github' | 'gitlab' | 'bitbucket';

/** Three hosts with three repositories each, and a CodeCommit without any. */
export type FleetPlaces = Awaited<ReturnType<typeof openFleetPlaces>>;

const region = 'eu-west-1';
const token = 'the-token-of-the-demo';
const hookSecret = 'the-secret-of-the-webhooks-of-the-demo';

const repositories: Readonly<Record<DemoHost, readonly (readonly [owner: string, name: string])[]>> = {
  github: ['api', 'web', 'worker'].map((name) => ['acme', name] as const),
  gitlab: [
    ['acme', 'design'],
    ['acme', 'infra'],
    ['acme/tools', 'lint'],
  ],
  bitbucket: ['billing', 'legacy', 'reports'].map((name) => ['acme', name] as const),
};

type Hosts = Readonly<Record<DemoHost, HostServer>>;

/** Opens them below `root`, with repositories that are all alike. */
export async function openFleetPlaces(shell: DemoShell, root: string) {
  const folder = join(root, 'fleet');
  await mkdir(folder);
  const hosts = await openHosts(root);
  const codeCommit = await openCodeCommit(root);
  await addRepositories(hosts, shell, root);
  const text = toMirrorsFile(hosts);
  await writeFile(join(folder, 'mirrors.yaml'), text);
  await writeFile(join(folder, 'mirrors.hooks-secret'), `${hookSecret}\n`);
  const { PATH, NO_COLOR } = shell.env;
  const find = (host: DemoHost, name: string) => {
    const found = hosts[host].repositories.all.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the demo has no ${name}`);
    return found;
  };
  const open = async (host: DemoHost, name: string) =>
    openDemoSource(await hosts[host].repositories.path(find(host, name)), shell);
  return {
    /** That of mirrors.yaml. */
    folder,
    /** What mirrors.yaml says. */
    text,
    /** The environment of the fleet. */
    env: { ...codeCommit.env, PATH, NO_COLOR, HOME: root, TMPDIR: root, TOKEN: token },
    hookSecret,
    find,
    open,
    remove: (host: DemoHost, name: string) => hosts[host].repositories.remove(find(host, name)),
    /** Whether its mirror has the same refs. */
    async isEqual(host: DemoHost, name: string) {
      const mirror = openDemoSource(join(codeCommit.folder, `${host}-${name}`), shell);
      return (await mirror.refs()) === (await (await open(host, name)).refs());
    },
    async [Symbol.asyncDispose]() {
      for (const each of [...Object.values(hosts), codeCommit]) await each[Symbol.asyncDispose]();
    },
  };
}

async function openHosts(root: string): Promise<Hosts> {
  const [github, gitlab, bitbucket] = await Promise.all([
    openGithubServer({ root: join(root, 'github') }),
    openGitlabServer({ root: join(root, 'gitlab') }),
    openBitbucketCloudServer({ root: join(root, 'bitbucket') }),
  ]);
  github.tokens.set(token, { user: 'demo', scopes: ['repo', 'read:org'] });
  gitlab.tokens.set(token, { user: 'demo', scopes: ['read_api', 'read_repository'] });
  bitbucket.tokens.set(token, { user: 'demo', scopes: ['read:repository:bitbucket'] });
  return { github, gitlab, bitbucket };
}

/** Its API, and git over HTTPS behind it, where each login is signed. */
async function openCodeCommit(root: string) {
  const folder = join(root, 'mirrors');
  await mkdir(folder);
  const certificate = createCertificate();
  const authorities = join(root, 'authorities.pem');
  await writeFile(authorities, certificate.cert);
  const face = await openHttpsFace({ root: folder, certificate, region, faults: {}, counts: createCounts() });
  const server = await openCodeCommitServer({
    toCloneUrl: (name) => `https://${face.host}/v1/repos/${name}`,
    onRepository: (name) => createRepository(folder, name),
  });
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = server.env;
  face.allow({ accessKeyId, secretAccessKey });
  return {
    folder,
    env: { ...server.env, SSL_CERT_FILE: authorities },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await face[Symbol.asyncDispose]();
    },
  };
}

async function addRepositories(hosts: Hosts, shell: DemoShell, root: string): Promise<void> {
  await mkdir(join(root, 'model'));
  const model = await createDemoSource(join(root, 'model'), shell);
  for (const host of ['github', 'gitlab', 'bitbucket'] as const)
    for (const [owner, name] of repositories[host]) {
      const store = hosts[host].repositories;
      await cp(model.path, await store.path(store.add({ owner, name })), { recursive: true });
    }
}

function toMirrorsFile(hosts: Hosts): string {
  const sources = [
    ['github', 'owner: acme', 'github-{name}'],
    ['gitlab', 'group: acme', 'gitlab-{slug}'],
    ['bitbucket', 'workspace: acme', 'bitbucket-{name}'],
  ] as const;
  const mirrors = sources.flatMap(([host, place, name]) => [
    `  - name: ${host}`,
    `    from: { host: ${host}, ${place}, token: $TOKEN,`,
    `            url: '${hosts[host].url}' }`,
    `    to: { host: codecommit, region: ${region}, repository: '${name}' }`,
  ]);
  return ['mirrors:', ...mirrors, ''].join('\n');
}
