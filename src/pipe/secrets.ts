import { parseArmour } from '../ssh/keyArmour';
import { type Environment, type Variable, variables } from './variables';

/** Secrets in the environment that are not variables of ours: tokens of Bitbucket, and proxies. */
const ambient: readonly Pick<Variable, 'name' | 'secret' | 'carriesPassword' | 'separator'>[] = [
  { name: 'PIPELINES_JWT_TOKEN', secret: true },
  { name: 'BITBUCKET_STEP_OIDC_TOKEN', secret: true },
  ...['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']
    .flatMap((name) => [name, name.toLowerCase()])
    .map((name) => ({ name, carriesPassword: true }) as const),
];

/** Every text in the environment that must never be printed. It needs no valid variables. */
export function findSecrets(env: Environment): readonly string[] {
  const found = [...variables, ...ambient].flatMap((variable) => {
    const { name, secret, carriesPassword } = variable;
    const value = env[name] ?? '';
    if (name === 'SSH_KEY') return toKeySecrets(value);
    if (carriesPassword) return findUrls(env, variable).flatMap(toUrlSecrets);
    return secret ? [value] : [];
  });
  return [...new Set(found)].filter((text) => text !== '');
}

/** The value of a variable, and of X_0, X_1, … where it may be a list: whatever the count says. */
function findUrls(env: Environment, { name, separator }: Pick<Variable, 'name' | 'separator'>): string[] {
  if (separator === undefined) return [env[name] ?? ''];
  const names = Object.keys(env).filter((each) => each.replace(/_\d+$/, '') === name);
  return names.flatMap((each) => (env[each] ?? '').split(separator));
}

/** A key as it was given, its base64, and each long line of its body: a single line is still a piece of the key. */
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

/** A shorter user name is not a token: `git`, or next to a password `x-token-auth`. */
const shortestToken = { alone: 8, besidePassword: 16 };

/**
 * The part of a URL before its last `@`, as given and decoded: the password, and a user name that may be a token. The
 * user of ssh:// is not a secret.
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
