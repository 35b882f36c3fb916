import { createHmac } from 'node:crypto';
import type { StoredRepository } from './repositories';

export type DeliveringHost = 'github' | 'gitlab' | 'bitbucket' | 'bitbucket-datacenter';

/** Where a webhook goes: `/hooks/<mirror>` of the service, and the secret that both know. */
export interface HookTarget {
  readonly url: string;
  readonly secret: string;
}

interface Form {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Event = 'push' | 'deleted';

/** The parts of each host's payload that say which repository it is about, and its own name of the event. */
const forms: Readonly<Record<DeliveringHost, (event: Event, of: StoredRepository) => Form>> = {
  github: (event, { id, owner, name }) => ({
    headers: { 'X-GitHub-Event': event === 'push' ? 'push' : 'repository' },
    body: { action: event, repository: { id, full_name: `${owner}/${name}` } },
  }),
  gitlab: (event, { id }) => ({
    headers: { 'X-Gitlab-Event': event === 'push' ? 'Push Hook' : 'Project Hook' },
    body: { event_name: event === 'push' ? 'push' : 'project_destroy', project_id: id },
  }),
  bitbucket: (event, { uuid, owner, name }) => ({
    headers: { 'X-Event-Key': event === 'push' ? 'repo:push' : 'repo:deleted' },
    body: { repository: { uuid: `{${uuid}}`, full_name: `${owner}/${name}` } },
  }),
  // It tells nothing of deleted ones.
  'bitbucket-datacenter': (event, { id }) => ({
    headers: { 'X-Event-Key': event === 'push' ? 'repo:refs_changed' : 'repo:modified' },
    body: { repository: { id } },
  }),
};

/** Sends a webhook as this host does. Gives the status of the answer. */
export async function deliver(
  host: DeliveringHost,
  { url, secret }: HookTarget,
  event: Event,
  repository: StoredRepository,
): Promise<number> {
  const form = forms[host](event, repository);
  const body = JSON.stringify(form.body);
  const headers = { 'Content-Type': 'application/json', ...form.headers, ...toProof(host, secret, body) };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.body?.cancel();
  return response.status;
}

function toProof(host: DeliveringHost, secret: string, body: string): Record<string, string> {
  if (host === 'gitlab') return { 'X-Gitlab-Token': secret };
  const header = host === 'github' ? 'X-Hub-Signature-256' : 'X-Hub-Signature';
  return { [header]: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
}
