import type { ConfigurationDocument, Path } from './document';
import type { ConfigurationFault } from './errors';
import { isHostUrl, toNormalUrl } from './hostUrl';
import { findValue, toPathText } from './schemaFaults';

type Values = Readonly<Record<string, unknown>>;

/** What no value alone is wrong about: names that occur twice, keys that exclude each other, a mirror onto itself. */
export function findCrossFaults(document: ConfigurationDocument): readonly ConfigurationFault[] {
  const mirrors = findValue(document.value, ['mirrors']);
  if (!Array.isArray(mirrors)) return [];
  return [
    ...findSameNames(mirrors, document),
    ...mirrors.flatMap((mirror: unknown, index) => {
      const path: Path = ['mirrors', index];
      const [from, to] = [toValues(findValue(mirror, ['from'])), toValues(findValue(mirror, ['to']))];
      return [
        ...findOwnerFaults(from, [...path, 'from'], document),
        ...findOwnerFaults(to, [...path, 'to'], document),
        ...findLoop(from, to, path, document),
      ];
    }),
  ];
}

function toValues(value: unknown): Values {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function findSameNames(
  mirrors: readonly unknown[],
  document: ConfigurationDocument,
): readonly ConfigurationFault[] {
  const seen = new Map<string, number>();
  return mirrors.flatMap((mirror, index) => {
    const name = findValue(mirror, ['name']);
    if (typeof name !== 'string') return [];
    const first = seen.get(name.toLowerCase());
    if (first === undefined) {
      seen.set(name.toLowerCase(), index);
      return [];
    }
    const path: Path = ['mirrors', index, 'name'];
    const message = `${toPathText(path)} is the name of mirrors[${first}] too; each mirror must have a name of its own (upper and lower case are the same here).`;
    return [{ ...document.findValue(path), message, remedy: 'Give one of the two another name.' }];
  });
}

/** A group or a user: one of them, and not both. */
function findOwnerFaults(
  values: Values,
  path: Path,
  document: ConfigurationDocument,
): readonly ConfigurationFault[] {
  if (values['host'] !== 'gitlab') return [];
  const hasGroup = values['group'] !== undefined;
  const hasUser = values['user'] !== undefined;
  if (hasGroup !== hasUser) return [];
  const where = toPathText(path);
  if (hasGroup) {
    const message = `${where} has both group and user; it must have one of them.`;
    return [{ ...document.findKey([...path, 'user']), message, remedy: 'Remove group or user.' }];
  }
  const message = `${where} has neither group nor user; it must have one of them.`;
  return [{ ...document.findValue(path), message, remedy: 'Write group: acme/platform, or user: jane.' }];
}

const publicUrls = new Map<unknown, string>([
  ['github', 'https://github.com'],
  ['gitlab', 'https://gitlab.com'],
  ['bitbucket', 'https://api.bitbucket.org'],
]);

const ownerKeys = ['owner', 'group', 'user', 'workspace', 'project', 'region', 'role'] as const;

/** A mirror whose source and destination are the same place would mirror its own mirrors. */
function findLoop(
  from: Values,
  to: Values,
  path: Path,
  document: ConfigurationDocument,
): readonly ConfigurationFault[] {
  if (from['host'] === undefined || from['host'] !== to['host'] || toAddress(from) !== toAddress(to))
    return [];
  if (ownerKeys.some((key) => toLower(from[key]) !== toLower(to[key]))) return [];
  if (ownerKeys.every((key) => from[key] === undefined)) return [];
  const message = `${toPathText([...path, 'to'])} is the same place as from; a mirror must go somewhere else.`;
  return [{ ...document.findValue([...path, 'to']), message, remedy: 'Give another host, owner or region.' }];
}

function toAddress({ host, url }: Values): unknown {
  if (typeof url === 'string' && isHostUrl(url)) return toNormalUrl(url);
  return publicUrls.get(host) ?? host;
}

function toLower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
