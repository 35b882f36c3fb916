import * as z from 'zod';
import {
  askBitbucket,
  type BitbucketAccess,
  type BitbucketRequest,
  listBitbucket,
  parseBody,
  toTokenKind,
} from './api';
import { bitbucketConflict, bitbucketFailed, bitbucketNotFound } from './errors';

export interface RepositoryIds {
  /** With braces, as in Bitbucket's responses. */
  readonly repository: string;
  readonly workspace: string;
  /** The default branch; undefined for an empty repository. */
  readonly branch: string | undefined;
}

const variable = z.object({
  uuid: z.string(),
  key: z.string(),
  /** Missing for a secured one. */
  value: z.string().optional(),
  secured: z.boolean().default(false),
});
const selector = z.object({ type: z.string(), pattern: z.string().optional() });
const schedule = z.object({ uuid: z.string(), target: z.object({ selector: selector.optional() }) });
const ids = z.object({
  uuid: z.string(),
  workspace: z.object({ uuid: z.string() }),
  mainbranch: z.object({ name: z.string() }).nullish(),
});
export type BitbucketVariable = z.output<typeof variable>;
export type BitbucketSchedule = z.output<typeof schedule>;

/**
 * The scopes by their names in Bitbucket's forms, for responses that do not name them; for access tokens and API
 * tokens.
 */
const scopes = {
  repository: { access: 'repository', api: 'read:repository:bitbucket' },
  readPipelines: { access: 'pipeline', api: 'read:pipeline:bitbucket' },
  writePipelines: { access: 'pipeline:write', api: 'write:pipeline:bitbucket' },
  settings: { access: 'repository:admin', api: 'admin:pipeline:bitbucket' },
  variables: { access: 'pipeline:variable', api: 'admin:pipeline:bitbucket' },
} as const;

export type BitbucketRepository = ReturnType<typeof createBitbucketRepository>;

/** The settings of one repository on Bitbucket. Each `ensure…` and `delete…` can be repeated. */
export function createBitbucketRepository(
  access: BitbucketAccess,
  { workspace, repository }: { workspace: string; repository: string },
) {
  const root = `repositories/${workspace}/${repository}`;
  const config = `${root}/pipelines_config`;
  const paths = { variables: `${config}/variables`, schedules: `${config}/schedules` };
  const scopeOf = (name: keyof typeof scopes) => scopes[name][toTokenKind(access)];

  /** Returns the body; undefined if it does not exist. */
  async function read<T>(path: string, scope: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const request: BitbucketRequest = { method: 'GET', path, scope };
    const answer = await askBitbucket(access, request);
    return answer.status === 'done' ? parseBody(schema, answer, request) : undefined;
  }
  /** Returns false for a conflict. */
  async function write(method: 'POST' | 'PUT', path: string, scope: string, body: unknown): Promise<boolean> {
    const { status } = await askBitbucket(access, { method, path, body, scope });
    if (status === 'not-found') throw bitbucketFailed(`${method} ${path}`, '404');
    return status === 'done';
  }
  const readVariables = () =>
    listBitbucket(access, { path: paths.variables, scope: scopeOf('variables'), item: variable });

  return {
    async readIds(): Promise<RepositoryIds> {
      const found = await read(root, scopeOf('repository'), ids);
      if (found === undefined) throw bitbucketNotFound(`${workspace}/${repository}`);
      return { repository: found.uuid, workspace: found.workspace.uuid, branch: found.mainbranch?.name };
    },
    async readEnabled() {
      const schema = z.object({ enabled: z.boolean().default(false) });
      return (await read(config, scopeOf('readPipelines'), schema))?.enabled ?? false;
    },
    readVariables,
    readSchedules: () =>
      listBitbucket(access, { path: paths.schedules, scope: scopeOf('readPipelines'), item: schedule }),
    async ensureEnabled() {
      if (!(await write('PUT', config, scopeOf('settings'), { enabled: true })))
        throw bitbucketConflict(`PUT ${config}`);
    },
    /** Changes or creates the variable. A conflict means that it was created in the meantime. */
    async ensureVariable(body: { readonly key: string; readonly value: string; readonly secured: boolean }) {
      const scope = scopeOf('variables');
      const find = async () => (await readVariables()).find(({ key }) => key === body.key)?.uuid;
      const known = await find();
      if (known === undefined && (await write('POST', paths.variables, scope, body))) return;
      const uuid = known ?? (await find());
      if (uuid === undefined || !(await write('PUT', `${paths.variables}/${uuid}`, scope, body)))
        throw bitbucketConflict(`POST ${paths.variables}`);
    },
    /** `pipeline`: the custom pipeline. `cron`: seven fields, UTC. */
    async createSchedule({ branch, pipeline, cron }: { branch: string; pipeline: string; cron: string }) {
      const target = {
        type: 'pipeline_ref_target',
        ref_type: 'branch',
        ref_name: branch,
        selector: { type: 'custom', pattern: pipeline },
      };
      const body = { type: 'pipeline_schedule', target, cron_pattern: cron, enabled: true };
      if (!(await write('POST', paths.schedules, scopeOf('writePipelines'), body)))
        throw bitbucketConflict(`POST ${paths.schedules}`);
    },
    async deleteVariable(uuid: string) {
      const path = `${paths.variables}/${uuid}`;
      await askBitbucket(access, { method: 'DELETE', path, scope: scopeOf('variables') });
    },
    async deleteSchedule(uuid: string) {
      const path = `${paths.schedules}/${uuid}`;
      await askBitbucket(access, { method: 'DELETE', path, scope: scopeOf('writePipelines') });
    },
  };
}
