import * as z from 'zod';
import { toIdentity } from '../host';
import { type Deliveries, type Delivery, hasHubSignature, readBody, readOne } from './delivery';

const payloadSchema = z.object({ repository: z.object({ id: z.number() }) });

/** Bitbucket Data Center ("Event payload", "Manage webhooks"). It tells nothing of created and deleted repositories. */
export const bitbucketDataCenterDeliveries: Deliveries = {
  isGenuine(delivery, secrets) {
    // The button "Test connection" signs nothing. A ping leads to nothing either.
    if (readEvent(delivery) === ping && delivery.headers['x-hub-signature'] === undefined) return true;
    return hasHubSignature(delivery, 'x-hub-signature', secrets);
  },
  parse(delivery, authority) {
    const event = readEvent(delivery);
    if (event === ping) return { kind: 'ping' };
    if (/^(repo|project):(modified|forked)$/.test(event)) return { kind: 'list' };
    const id = readBody(delivery, payloadSchema)?.repository.id;
    if (!/^(repo:refs_changed|mirror:repo_synchronized)$/.test(event) || id === undefined)
      return { kind: 'ignored' };
    return { kind: 'look', identity: toIdentity(authority, id) };
  },
};

const ping = 'diagnostics:ping';

function readEvent({ headers }: Delivery): string {
  return readOne(headers, 'x-event-key') ?? '';
}
