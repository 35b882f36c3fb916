import * as z from 'zod';
import { toIdentity } from '../host';
import { type Deliveries, type Hint, hasHubSignature, readBody, readOne } from './delivery';

const payloadSchema = z.object({ repository: z.object({ id: z.number() }).optional() });

const ignored: Hint = { kind: 'ignored' };

/** GitHub ("Validating webhook deliveries", "Webhook events and payloads"). */
export const githubDeliveries: Deliveries = {
  // X-Hub-Signature is the same with SHA-1, for old receivers.
  isGenuine: (delivery, secrets) => hasHubSignature(delivery, 'x-hub-signature-256', secrets),
  parse(delivery, authority) {
    switch (readOne(delivery.headers, 'x-github-event')) {
      case 'ping':
        return { kind: 'ping' };
      case 'push':
      case 'create':
      case 'delete': {
        const id = readBody(delivery, payloadSchema)?.repository?.id;
        return id === undefined ? ignored : { kind: 'look', identity: toIdentity(authority, id) };
      }
      case 'repository':
      case 'installation_repositories':
        return { kind: 'list' };
      default:
        return ignored;
    }
  },
};
