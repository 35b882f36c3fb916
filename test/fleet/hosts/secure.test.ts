import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openGithub } from '../../../src/fleet/hosts/github';
import { openGithubServer } from '../../../src/sandbox/hosts/github';
import { createCertificate } from '../../../src/sandbox/https/certificate';
import { openFolder } from '../../servers/folder';
import { openTunnelProxy } from '../../servers/tunnelProxy';
import { createContext, failureOf, listAll } from './context';

it('a host of its own authority is reached with SSL_CERT_FILE, through https_proxy', async () => {
  const certificate = createCertificate();
  await using folder = await openFolder();
  await using server = await openGithubServer({ certificate });
  await using proxy = await openTunnelProxy();
  server.tokens.set('token', { user: 'bot', scopes: ['repo'] });
  server.repositories.add({ owner: 'acme', name: 'app' });
  const authorities = join(folder.path, 'authorities.pem');
  await writeFile(authorities, certificate.cert);
  const open = (env: Record<string, string>) =>
    openGithub({ url: server.url, owner: 'acme', readToken: async () => 'token' }, createContext({ env }));
  expect(server.url).toMatch(/^https:/);
  const listed = await listAll(open({ SSL_CERT_FILE: authorities, https_proxy: proxy.url }));
  expect(listed.map(({ url }) => url)).toEqual([`${server.url}/acme/app.git`]);
  expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(server.url).host]));
  const untrusted = await failureOf(listAll(open({})));
  expect(untrusted.code).toBe('fleet-host-unreachable');
  expect(untrusted.remedy).toContain('SSL_CERT_FILE');
});
