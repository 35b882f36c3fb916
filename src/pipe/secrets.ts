import { parseArmour } from '../ssh/keyArmour';
import type { Environment } from './variables';

/** Bitbucket's own secrets that reach a pipe, and those of AWS. */
const tokens = [
  'PIPELINES_JWT_TOKEN',
  'BITBUCKET_STEP_OIDC_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
];

/** Variables that may carry a password in a URL. */
const urls = [
  'SOURCE_URL',
  'SOURCE_PROXY',
  'CODECOMMIT_URL',
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
];

/**
 * Every text in the environment that must never be printed. It needs no valid variables, so that redaction can
 * begin before anything is parsed.
 */
export function findSecrets(env: Environment): readonly string[] {
  const found = [
    ...tokens.map((name) => env[name] ?? ''),
    ...toKeySecrets(env['SSH_KEY'] ?? ''),
    ...urls.flatMap((name) => toUrlSecrets(env[name] ?? '')),
  ];
  return [...new Set(found)].filter((text) => text !== '');
}

/** A key as it was given, its base64, and each long line of its body: a line alone is still a piece of the key. */
export function toKeySecrets(text: string): readonly string[] {
  if (text.trim() === '') return [];
  const armour = parseArmour(text);
  const forms = typeof armour === 'string' ? [text] : [text, armour.pem];
  const lines = forms
    .flatMap((form) => form.split(/\r?\n/))
    .filter((line) => line.length >= 16 && !line.startsWith('-----'));
  const base64 = forms.map((form) => Buffer.from(form).toString('base64'));
  return [text.trim(), ...forms, ...base64, ...lines];
}

/** A user name of fewer characters is no token: `git`; beside a password, `x-token-auth`. */
const shortestToken = { alone: 8, besidePassword: 16 };

/**
 * What a URL in any form has before its last `@`, as it stands there and decoded: the password, and a user name that may
 * be a token. The user of ssh:// is no secret.
 */
function toUrlSecrets(url: string): readonly string[] {
  const [, scheme = '', userinfo = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)@/is.exec(url) ?? [];
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userinfo) ?? [];
  const shortest = password === '' ? shortestToken.alone : shortestToken.besidePassword;
  const token = user.length >= shortest && scheme.toLowerCase() !== 'ssh://' ? user : '';
  return [password, token].flatMap((text) => [text, decode(text)]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
