import { z } from 'zod';
import { namesHost } from '../settings/knownHosts';
import {
  askBitbucket,
  type BitbucketAccess,
  type BitbucketRequest,
  listBitbucket,
  parseBody,
} from './bitbucketApi';
import { bitbucketConflict, bitbucketFailed, bitbucketNotFound } from './errors';

/** The settings of one repository on Bitbucket. Each `ensure…` may be called twice. */
export interface BitbucketRepository {
  readIds(): Promise<RepositoryIds>;
  readEnabled(): Promise<boolean>;
  /** The public key of Pipelines, as one line; undefined where there is no key pair. */
  readPublicKey(): Promise<string | undefined>;
  readKnownHosts(): Promise<readonly BitbucketKnownHost[]>;
  readVariables(): Promise<readonly BitbucketVariable[]>;
  ensureEnabled(): Promise<void>;
  ensureKeyPair(pair: { readonly privateKey: string; readonly publicKey: string }): Promise<void>;
  ensureKnownHost(host: HostEntry): Promise<void>;
  ensureVariable(key: string, value: string): Promise<void>;
  deleteKeyPair(): Promise<void>;
  deleteKnownHost(uuid: string): Promise<void>;
  deleteVariable(uuid: string): Promise<void>;
}

/** With braces, as Bitbucket writes them. */
export interface RepositoryIds {
  readonly repository: string;
  readonly workspace: string;
}

export interface HostEntry {
  readonly host: string;
  readonly port: number;
  readonly keyType: string;
  /** Base64 of the wire format. */
  readonly key: string;
}

const knownHost = z.object({
  uuid: z.string(),
  hostname: z.string(),
  public_key: z.object({ key_type: z.string(), key: z.string() }).optional(),
});
const variable = z.object({
  uuid: z.string(),
  key: z.string(),
  /** Not given for a secured one. */
  value: z.string().optional(),
  secured: z.boolean().default(false),
});
export type BitbucketKnownHost = z.output<typeof knownHost>;
export type BitbucketVariable = z.output<typeof variable>;

/** Bitbucket's names of the scopes, for answers that don't name them. */
const admin = 'repository:admin';
const pipelineVariable = 'pipeline:variable';
const pipelineWrite = 'pipeline:write';

export function createBitbucketRepository(
  access: BitbucketAccess,
  { workspace, repository }: { workspace: string; repository: string },
): BitbucketRepository {
  const root = `repositories/${workspace}/${repository}`;
  const config = `${root}/pipelines_config`;
  const paths = {
    keyPair: `${config}/ssh/key_pair`,
    knownHosts: `${config}/ssh/known_hosts`,
    variables: `${config}/variables`,
  };
  /** Gives the body; undefined where there is nothing. */
  async function read<T>(path: string, scope: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const request: BitbucketRequest = { method: 'GET', path, scope };
    const answer = await askBitbucket(access, request);
    return answer.status === 'done' ? parseBody(schema, answer, request) : undefined;
  }
  /** Gives whether it went through: false is a conflict. */
  async function write(method: 'POST' | 'PUT', path: string, scope: string, body: unknown): Promise<boolean> {
    const { status } = await askBitbucket(access, { method, path, body, scope });
    if (status === 'not-found') throw bitbucketFailed(`${method} ${path}`, '404');
    return status === 'done';
  }
  async function put(path: string, scope: string, body: unknown): Promise<void> {
    if (!(await write('PUT', path, scope, body))) throw bitbucketConflict(`PUT ${path}`);
  }
  /** Changes the item that there is, or makes one; a conflict means that one has appeared meanwhile. */
  async function ensureItem(
    path: string,
    scope: string,
    find: () => Promise<string | undefined>,
    body: unknown,
  ) {
    const known = await find();
    if (known === undefined && (await write('POST', path, scope, body))) return;
    const uuid = known ?? (await find());
    if (uuid === undefined) throw bitbucketConflict(`POST ${path}`);
    await put(`${path}/${uuid}`, scope, body);
  }
  async function remove(path: string, scope: string): Promise<void> {
    await askBitbucket(access, { method: 'DELETE', path, scope });
  }
  const readKnownHosts = () =>
    listBitbucket(access, { path: paths.knownHosts, scope: admin, item: knownHost });
  const readVariables = () =>
    listBitbucket(access, { path: paths.variables, scope: pipelineVariable, item: variable });

  return {
    async readIds() {
      const schema = z.object({ uuid: z.string(), workspace: z.object({ uuid: z.string() }) });
      const ids = await read(root, 'repository', schema);
      if (ids === undefined) throw bitbucketNotFound(`${workspace}/${repository}`);
      return { repository: ids.uuid, workspace: ids.workspace.uuid };
    },
    async readEnabled() {
      const schema = z.object({ enabled: z.boolean().default(false) });
      return (await read(config, admin, schema))?.enabled ?? false;
    },
    async readPublicKey() {
      return (await read(paths.keyPair, admin, z.object({ public_key: z.string() })))?.public_key;
    },
    readKnownHosts,
    readVariables,
    ensureEnabled: () => put(config, admin, { enabled: true }),
    ensureKeyPair: ({ privateKey, publicKey }) =>
      put(paths.keyPair, admin, { private_key: privateKey, public_key: publicKey }),
    ensureKnownHost: (entry) =>
      ensureItem(
        paths.knownHosts,
        admin,
        async () => findKnownHost(await readKnownHosts(), entry)?.uuid,
        toKnownHostBody(entry),
      ),
    ensureVariable: (key, value) =>
      ensureItem(
        paths.variables,
        pipelineWrite,
        async () => (await readVariables()).find((each) => each.key === key)?.uuid,
        { key, value, secured: false },
      ),
    deleteKeyPair: () => remove(paths.keyPair, admin),
    deleteKnownHost: (uuid) => remove(`${paths.knownHosts}/${uuid}`, admin),
    deleteVariable: (uuid) => remove(`${paths.variables}/${uuid}`, pipelineWrite),
  };
}

export function findKnownHost(all: readonly BitbucketKnownHost[], { host, port }: HostEntry) {
  return all.find(({ hostname }) => namesHost(hostname, host, port));
}

function toKnownHostBody({ host, port, keyType, key }: HostEntry) {
  return {
    type: 'pipeline_known_host',
    hostname: `[${host}]:${port}`,
    public_key: { type: 'pipeline_ssh_public_key', key_type: keyType, key },
  };
}
