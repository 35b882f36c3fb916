import { expect, it } from 'vitest';
import { deliveriesOf, type HostSettings, openHost } from '../../../src/fleet/hosts/open';
import { createContext } from './context';

const readToken = async () => 'token';
const hosts: readonly (readonly [HostSettings, string])[] = [
  [{ host: 'github', owner: 'acme', readToken }, 'github.com'],
  [{ host: 'gitlab', owner: { group: 'acme' }, readToken }, 'gitlab.com'],
  [{ host: 'bitbucket', workspace: 'acme', readToken }, 'bitbucket.org'],
  [
    { host: 'bitbucket-datacenter', url: 'https://git.example.com:7990/', project: 'ACME', readToken },
    'git.example.com:7990',
  ],
  [{ host: 'codecommit', region: 'eu-west-1' }, 'codecommit.eu-west-1'],
  [{ host: 'git', urls: ['https://git.example.com/a/b'], readLogin: async () => ({ kind: 'none' }) }, 'git'],
];

it.each(hosts)('opens $host', async (settings, authority) => {
  const host = await openHost(settings, createContext());
  expect([host.kind, host.authority]).toEqual([settings.host, authority]);
  // Who can have webhooks installed can have them read.
  expect(host.hooks !== undefined).toBe(deliveriesOf[host.kind] !== undefined);
});
