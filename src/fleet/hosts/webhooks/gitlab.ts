import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { toIdentity } from '../host';
import { type Deliveries, type Delivery, isAnyOf, readBody, readOne, toUsable } from './delivery';

/** How far the host's clock and ours may differ, as in the libraries of Standard Webhooks: 5 minutes. */
const tolerance = 5 * 60_000;

const payloadSchema = z.object({
  object_kind: z.string().optional(),
  event_name: z.string().optional(),
  project_id: z.number().optional(),
});

/** GitLab ("Webhooks", "Webhook events", "System hooks"). */
export const gitlabDeliveries: Deliveries = {
  /** Signed since GitLab 19.0; before, and without a signing token, the secret itself comes in a header. */
  isGenuine(delivery, secrets, now) {
    if (delivery.headers['webhook-signature'] !== undefined) return isSigned(delivery, secrets, now);
    const token = readOne(delivery.headers, 'x-gitlab-token');
    return token !== undefined && isAnyOf(token, toUsable(secrets));
  },
  parse(delivery, authority) {
    const payload = readBody(delivery, payloadSchema);
    const event = payload?.event_name ?? payload?.object_kind ?? '';
    // Of a group: a project or a group in it was created, renamed, moved, deleted.
    if (/^(project|subgroup|group)_(create|destroy|rename|transfer|update)$/.test(event))
      return { kind: 'list' };
    const isPush = /^(push|tag_push|repository_update)$/.test(event);
    if (!isPush || payload?.project_id === undefined) return { kind: 'ignored' };
    return { kind: 'look', identity: toIdentity(authority, payload.project_id) };
  },
};

/** Standard Webhooks: `v1,<base64>`, several by a space, over `<id>.<timestamp>.<body>`. */
function isSigned({ headers, body }: Delivery, secrets: readonly string[], now: number): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    readOne(headers, name),
  );
  if (id === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Number(timestamp) * 1_000 - now) > tolerance) return false;
  const expected = toUsable(secrets).map((secret) => {
    const key = Buffer.from(toSigningToken(secret).slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  });
  return (signatures ?? '').split(' ').some((signature) => isAnyOf(signature, expected));
}

const prefix = 'whsec_';

/**
 * The signing token of a webhook: `whsec_` and 32 bytes in base64. Made from the secret, so that one secret serves
 * for GitLab of any version and the one that is sent in a header does not give the other away to who only reads.
 */
export function toSigningToken(secret: string): string {
  if (secret.startsWith(prefix)) return secret;
  return `${prefix}${createHmac('sha256', secret).update('codecommit-mirror webhook signing token').digest('base64')}`;
}
