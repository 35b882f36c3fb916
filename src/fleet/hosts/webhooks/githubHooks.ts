import * as z from 'zod';
import { type Api, toWrite } from '../api/api';
import { readLink } from '../api/limits';
import { notPermitted } from '../errors';
import {
  createHooks,
  type HookPlace,
  type Hooks,
  type InstalledHook,
  readAllHooks,
  type WantedHook,
} from './hooks';

const hookSchema = z.object({
  id: z.number(),
  active: z.boolean(),
  config: z.object({ url: z.string().optional() }),
});

const needs =
  'the scope "admin:org_hook" and an owner of the organisation, or for one repository "admin:repo_hook" (fine-grained: Webhooks: write)';

/** Webhooks of an organisation or of one repository. User accounts have none of their own. */
export function createGithubHooks(api: Api, isOrganisation: () => Promise<boolean>, owner: string): Hooks {
  const toPath = async (place: HookPlace) => {
    if (place !== 'owner')
      return `/repos/${encodeURIComponent(place.owner)}/${encodeURIComponent(place.name)}/hooks`;
    if (await isOrganisation()) return `/orgs/${encodeURIComponent(owner)}/hooks`;
    throw notPermitted(
      api.name,
      `a webhook of the user ${owner}`,
      'users have none',
      'a webhook of each repository',
    );
  };
  return createHooks({
    async list(place) {
      const first = `${await toPath(place)}?per_page=100`;
      return await readAllHooks(async (cursor: string | undefined) => {
        const request = { method: 'GET', path: cursor ?? first, schema: z.array(hookSchema), needs } as const;
        const { body, headers } = await api.ask(request);
        return { hooks: body.map(toInstalledHook), next: readLink(headers, 'next') };
      });
    },
    async create(place, wanted) {
      const body = { name: 'web', ...toBody(wanted) };
      await api.ask(toWrite('POST', await toPath(place), needs, body));
    },
    async update(place, { id }, wanted) {
      const path = `${await toPath(place)}/${id}`;
      await api.ask(toWrite('PATCH', path, needs, toBody(wanted)));
    },
    async delete(place, { id }) {
      await api.askIfThere(toWrite('DELETE', `${await toPath(place)}/${id}`, needs));
    },
  });
}

/** "repository" tells of new, renamed, archived and deleted ones. "create" and "delete" come where "push" is left out. */
const events = ['push', 'create', 'delete', 'repository'];

function toBody({ url, secret }: WantedHook) {
  return { active: true, events, config: { url, content_type: 'json', secret, insecure_ssl: '0' } };
}

function toInstalledHook({ id, active, config }: z.infer<typeof hookSchema>): InstalledHook {
  return { id: String(id), url: config.url ?? '', isActive: active };
}
