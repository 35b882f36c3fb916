import * as z from 'zod';
import { type Api, toWrite } from '../api/api';
import { createHooks, type HookPlace, type Hooks, readAllHooks, type WantedHook } from './hooks';

const hookSchema = z.object({ id: z.number(), url: z.string(), active: z.boolean() });
const pageSchema = z.object({
  values: z.array(hookSchema),
  isLastPage: z.boolean(),
  nextPageStart: z.number().nullish(),
});

const needs = 'the permission "Project admin", or "Repository admin" for one repository';

/** Webhooks of a project, for all its repositories, or of one repository. */
export function createBitbucketDataCenterHooks(api: Api, project: string): Hooks {
  const toPath = (place: HookPlace) =>
    place === 'owner'
      ? `/projects/${encodeURIComponent(project)}/webhooks`
      : `/projects/${encodeURIComponent(place.owner)}/repos/${encodeURIComponent(place.name)}/webhooks`;
  return createHooks({
    list: async (place) =>
      await readAllHooks(async (start: number | undefined) => {
        const path = `${toPath(place)}?start=${start ?? 0}&limit=100`;
        const { body } = await api.ask({ method: 'GET', path, schema: pageSchema, needs });
        const hooks = body.values.map(({ id, url, active }) => ({ id: String(id), url, isActive: active }));
        return { hooks, next: body.isLastPage ? undefined : (body.nextPageStart ?? undefined) };
      }),
    async create(place, wanted) {
      await api.ask(toWrite('POST', toPath(place), needs, toBody(wanted)));
    },
    async update(place, { id }, wanted) {
      const path = `${toPath(place)}/${id}`;
      await api.ask(toWrite('PUT', path, needs, toBody(wanted)));
    },
    async delete(place, { id }) {
      await api.askIfThere(toWrite('DELETE', `${toPath(place)}/${id}`, needs));
    },
  });
}

function toBody({ url, secret }: WantedHook) {
  return {
    name: 'codecommit-mirror',
    url,
    active: true,
    events: ['repo:refs_changed', 'repo:modified'],
    configuration: { secret },
    sslVerificationRequired: true,
  };
}
