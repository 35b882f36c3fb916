import * as z from 'zod';
import { type Api, toWrite } from '../api/api';
import { readLink } from '../api/limits';
import { notPermitted } from '../errors';
import type { GitlabSettings } from '../gitlabSettings';
import { parseIdentity } from '../host';
import { toSigningToken } from './gitlab';
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
  url: z.string(),
  /** `executable`, `temporarily_disabled`, `disabled`. */
  alert_status: z.string().optional(),
});

const needs =
  'the scope "api" and the role Owner in the group (GitLab Premium), or Maintainer in the project';

/** Webhooks of a group, with all groups in it, or of one project. Users have none of their own. */
export function createGitlabHooks(api: Api, authority: string, owner: GitlabSettings['owner']): Hooks {
  const toPath = (place: HookPlace) => {
    if (place !== 'owner') return `/projects/${parseIdentity(place.identity, authority)}/hooks`;
    if ('group' in owner) return `/groups/${encodeURIComponent(owner.group)}/hooks`;
    throw notPermitted(
      api.name,
      `a webhook of the user ${owner.user}`,
      'users have none',
      'one of each project',
    );
  };
  const calls = {
    list: async (place: HookPlace) =>
      await readAllHooks(async (cursor: string | undefined) => {
        const path = cursor ?? `${toPath(place)}?per_page=100`;
        const request = { method: 'GET', path, schema: z.array(hookSchema), needs } as const;
        const { body, headers } = await api.ask(request);
        return { hooks: body.map(toInstalledHook), next: readLink(headers, 'next') };
      }),
    async create(place: HookPlace, wanted: WantedHook) {
      const body = toBody(place, wanted);
      await api.ask(toWrite('POST', toPath(place), needs, body));
    },
    async update(place: HookPlace, { id }: InstalledHook, wanted: WantedHook) {
      const path = `${toPath(place)}/${id}`;
      await api.ask(toWrite('PUT', path, needs, toBody(place, wanted)));
    },
    async delete(place: HookPlace, { id }: InstalledHook) {
      await api.askIfThere(toWrite('DELETE', `${toPath(place)}/${id}`, needs));
    },
  };
  // Editing does not bring back a webhook that GitLab has given up.
  return createHooks(calls, { revives: false });
}

function toBody(place: HookPlace, { url, secret }: WantedHook) {
  return {
    url,
    token: secret,
    // GitLab before 19.0 does not know it, and ignores it.
    signing_token: toSigningToken(secret),
    push_events: true,
    tag_push_events: true,
    repository_update_events: true,
    ...(place === 'owner' && { project_events: true, subgroup_events: true }),
    enable_ssl_verification: true,
  };
}

function toInstalledHook({
  id,
  url,
  alert_status = 'executable',
}: z.infer<typeof hookSchema>): InstalledHook {
  return { id: String(id), url, isActive: alert_status === 'executable' };
}
