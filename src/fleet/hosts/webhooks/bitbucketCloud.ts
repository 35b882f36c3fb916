import * as z from 'zod';
import { toIdentity } from '../host';
import { type Deliveries, hasHubSignature, readBody, readOne } from './delivery';

const payloadSchema = z.object({ repository: z.object({ uuid: z.string() }) });

/** Bitbucket Cloud ("Event payloads", "Manage webhooks"). Its header has GitHub's old name, its value is SHA-256. */
export const bitbucketCloudDeliveries: Deliveries = {
  isGenuine: (delivery, secrets) => hasHubSignature(delivery, 'x-hub-signature', secrets),
  parse(delivery, authority) {
    const event = readOne(delivery.headers, 'x-event-key') ?? '';
    if (/^repo:(created|deleted|updated|transfer|imported|fork)$/.test(event)) return { kind: 'list' };
    const uuid = readBody(delivery, payloadSchema)?.repository.uuid;
    if (event !== 'repo:push' || uuid === undefined) return { kind: 'ignored' };
    return { kind: 'look', identity: toIdentity(authority, uuid.replace(/[{}]/g, '')) };
  },
};
