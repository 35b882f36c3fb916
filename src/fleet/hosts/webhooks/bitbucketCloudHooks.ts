import * as z from 'zod';
import { type Api, toWrite } from '../api/api';
import { createHooks, type HookPlace, type Hooks, readAllHooks, type WantedHook } from './hooks';

const hookSchema = z.object({ uuid: z.string(), url: z.string(), active: z.boolean() });
const pageSchema = z.object({ values: z.array(hookSchema), next: z.string().optional() });

const needs =
  'the scopes "read:webhook:bitbucket", "write:webhook:bitbucket" and "delete:webhook:bitbucket", and an administrator of the workspace or of the repository';

/** Webhooks of a workspace or of one repository, whose path `toRepositoryPath` gives by its identity. */
export function createBitbucketCloudHooks(
  api: Api,
  workspace: string,
  toRepositoryPath: (identity: string) => string,
): Hooks {
  const toPath = (place: HookPlace) =>
    place === 'owner'
      ? `/workspaces/${encodeURIComponent(workspace)}/hooks`
      : `${toRepositoryPath(place.identity)}/hooks`;
  return createHooks({
    list: async (place) =>
      await readAllHooks(async (cursor: string | undefined) => {
        const path = cursor ?? `${toPath(place)}?pagelen=100`;
        const { body } = await api.ask({ method: 'GET', path, schema: pageSchema, needs });
        const hooks = body.values.map(({ uuid, url, active }) => ({ id: uuid, url, isActive: active }));
        return { hooks, next: body.next };
      }),
    async create(place, wanted) {
      const body = toBody(place, wanted);
      await api.ask(toWrite('POST', toPath(place), needs, body));
    },
    async update(place, { id }, wanted) {
      const path = `${toPath(place)}/${encodeURIComponent(id)}`;
      await api.ask(toWrite('PUT', path, needs, toBody(place, wanted)));
    },
    async delete(place, { id }) {
      const path = `${toPath(place)}/${encodeURIComponent(id)}`;
      await api.askIfThere(toWrite('DELETE', path, needs));
    },
  });
}

const repositoryEvents = ['repo:push', 'repo:updated', 'repo:transfer'];
/** Only a workspace sees what comes and goes. */
const workspaceEvents = [...repositoryEvents, 'repo:created', 'repo:deleted', 'repo:imported'];

function toBody(place: HookPlace, { url, secret }: WantedHook) {
  const events = place === 'owner' ? workspaceEvents : repositoryEvents;
  return { description: 'codecommit-mirror', url, active: true, secret, events };
}
