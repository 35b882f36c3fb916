import * as z from 'zod';
import { invalid } from '../../../faults';
import type { Login } from '../../../remote/settings';
import { publishedFingerprint } from '../../../ssh/fingerprints';
import { decideHostTrust } from '../../../ssh/hostTrust';
import { parsePrivateKey } from '../../../ssh/privateKey';

/** The forms of a secret: a user and a password, a token, or a key with the keys of the host that it is for. */
const secretSchema = z.union([
  z.object({ username: z.string().min(1), password: z.string().min(1) }),
  z.object({ token: z.string().min(1), username: z.string().min(1).optional() }),
  z.object({ privateKey: z.string().min(1), knownHosts: z.string().default('') }),
]);

type Secret = z.output<typeof secretSchema>;

/**
 * The login that a secret holds for this URL: JSON `{"username","password"}`, `{"token"}` or
 * `{"privateKey","knownHosts"}`, or a token alone. `name` is where the secret stands, for messages; no message has
 * anything of its value. Throws SettingsError.
 */
export async function toLogin(text: string, url: string, name: string): Promise<Login> {
  const { hostname, username, port, protocol } = new URL(url);
  const secret = parseSecret(text.trim(), name);
  if (protocol === 'ssh:') {
    if ('privateKey' in secret) return await toSshLogin(secret, { hostname, username, port });
    throw unfit(name, `${url} is an ssh:// URL, and the secret has no "privateKey"`);
  }
  if ('privateKey' in secret) throw unfit(name, `${url} is no ssh:// URL, and the secret is a private key`);
  if ('password' in secret) return { kind: 'password', username: secret.username, password: secret.password };
  return { kind: 'password', username: secret.username ?? toUsername(hostname), password: secret.token };
}

function parseSecret(text: string, name: string): Secret {
  if (text === '') throw unfit(name, 'it is empty');
  if (!text.startsWith('{')) {
    if (/\s/.test(text)) throw unfit(name, 'it is neither JSON nor a token: it holds white space');
    return { token: text };
  }
  const parsed = secretSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw unfit(name, 'it is no JSON object of one of the three forms');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The user name that goes with a token, where a host has one of its own. */
function toUsername(host: string): string {
  if (/(^|\.)github\.com$/.test(host)) return 'x-access-token';
  if (/(^|\.)bitbucket\.org$/.test(host)) return 'x-token-auth';
  // GitLab takes any name but an empty one; so do most hosts.
  return 'oauth2';
}

interface Server {
  readonly hostname: string;
  readonly username: string;
  readonly port: string;
}

async function toSshLogin(
  { privateKey, knownHosts }: Extract<Secret, { privateKey: string }>,
  { hostname, username, port }: Server,
): Promise<Login> {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const number = port === '' ? 22 : Number(port);
  const published = publishedFingerprint(host, number);
  const isCodeCommit = published !== undefined || /^git-codecommit\./.test(host);
  const origins = [{ name: 'KNOWN_HOSTS', text: knownHosts }] as const;
  return {
    kind: 'ssh',
    user: username || 'git',
    host,
    port: number,
    key: await parsePrivateKey(privateKey, { requireRsa: isCodeCommit }),
    trust: decideHostTrust({ host, port: number, published, origins }),
    sha1: isCodeCommit,
  };
}

const unfit = (name: string, because: string) =>
  invalid(
    'secret',
    `The secret ${name} can't be used: ${because}.`,
    'Store {"username": "…", "password": "…"}, {"token": "…"}, {"privateKey": "…", "knownHosts": "…"} or the token alone.',
    'fleet-aws-settings',
  );
