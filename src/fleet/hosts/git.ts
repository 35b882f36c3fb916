import { createHash } from 'node:crypto';
import { notPermitted } from './errors';
import { type GitLogin, type Host, parseIdentity, toIdentity } from './host';
import type { HostRepository } from './repository';

export interface GitSettings {
  /** Each without a login in it. */
  readonly urls: readonly string[];
  /** The same for all. */
  readLogin(): Promise<GitLogin>;
}

/** Git servers that have no API: a fixed list of URLs. The URL is the identity, so a renamed repository is another one. */
export function openGit({ urls, readLogin }: GitSettings): Host {
  const repositories = urls.map(toRepository);
  const refuse = (what: string) => {
    throw notPermitted('A plain git host', what, 'it has no API', 'a host of another kind, such as "gitlab"');
  };
  return {
    kind: 'git',
    authority,
    descriptionAtMost: 0,
    hooks: undefined,
    async *list() {
      yield repositories;
    },
    async find(identity) {
      parseIdentity(identity, authority);
      return repositories.find((each) => each.identity === identity);
    },
    findByName: async (name) => repositories.find((each) => each.name === name),
    create: async () => refuse('a new repository'),
    describe: async () => refuse('a description'),
    login: readLogin,
  };
}

const authority = 'git';

function toRepository(text: string): HostRepository {
  const url = new URL(text);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  // Two spellings of one repository are one.
  const place = `${url.host}/${parts.join('/').replace(/\.git$/, '')}`;
  return {
    // As short as the ids of other hosts: it has to fit into a description.
    identity: toIdentity(authority, createHash('sha256').update(place).digest('hex').slice(0, 32)),
    owner: parts.slice(0, -1).join('/'),
    name: (parts.at(-1) ?? url.host).replace(/\.git$/, ''),
    url: text,
    description: '',
    isPrivate: true,
    isArchived: false,
    isFork: false,
    isBeingDeleted: false,
    changedAt: undefined,
    bytes: undefined,
  };
}
