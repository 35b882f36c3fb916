import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createRepository } from '../repository';

/** One repository of a host's fake. What is changed here counts from then on. */
export interface StoredRepository {
  readonly id: number;
  readonly uuid: string;
  /** Organisation, user, workspace, project key, or group with its subgroups. */
  owner: string;
  name: string;
  description: string;
  isPrivate: boolean;
  isArchived: boolean;
  isFork: boolean;
  isBeingDeleted: boolean;
  /** A key of a project, for hosts that have projects in a workspace. */
  project: string | undefined;
  changedAt: Date;
  readonly createdAt: Date;
  bytes: number;
  readonly hooks: StoredHook[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A webhook as it was sent to the API. */
export interface StoredHook {
  readonly id: number;
  readonly uuid: string;
  isActive: boolean;
  body: Record<string, unknown>;
}

export type NewStoredRepository = Pick<StoredRepository, 'owner' | 'name'> & Partial<StoredRepository>;

/** The repositories of one fake, in the order in which they were made. Names are compared as hosts do: without case. */
export interface RepositoryStore {
  readonly all: readonly StoredRepository[];
  add(repository: NewStoredRepository): StoredRepository;
  /** Undefined for one that was never there, is deleted, or has another name now. */
  find(owner: string, name: string): StoredRepository | undefined;
  /** The repository that had this name before it was renamed or moved. */
  findMoved(owner: string, name: string): StoredRepository | undefined;
  rename(repository: StoredRepository, place: Partial<Pick<StoredRepository, 'owner' | 'name'>>): void;
  remove(repository: StoredRepository): void;
  /** The bare repository on disk; made, without a commit, when it is asked for first. */
  path(repository: StoredRepository): Promise<string>;
}

/** `root` is the folder of the bare repositories. Without it there is no git. */
export function createRepositoryStore(root: string | undefined): RepositoryStore {
  let all: StoredRepository[] = [];
  let ids = 1_000;
  const moved = new Map<string, StoredRepository>();
  const making = new Map<StoredRepository, Promise<string>>();
  const toKey = (owner: string, name: string) => `${owner}/${name}`.toLowerCase();
  const find = (owner: string, name: string) =>
    all.find((each) => toKey(each.owner, each.name) === toKey(owner, name));
  return {
    get all() {
      return all;
    },
    add(given) {
      ids += 1;
      const repository = toStored(ids, given);
      all = [...all, repository];
      return repository;
    },
    find,
    findMoved: (owner, name) => moved.get(toKey(owner, name)),
    rename(repository, place) {
      moved.set(toKey(repository.owner, repository.name), repository);
      Object.assign(repository, place);
    },
    remove(repository) {
      all = all.filter((each) => each !== repository);
      for (const [key, value] of moved) if (value === repository) moved.delete(key);
    },
    path(repository) {
      if (root === undefined) throw new Error('this fake was opened without a folder for git');
      const made = making.get(repository) ?? ensureBare(root, String(repository.id));
      making.set(repository, made);
      return made;
    },
  };
}

async function ensureBare(root: string, name: string): Promise<string> {
  return existsSync(join(root, name)) ? join(root, name) : await createRepository(root, name);
}

function toStored(id: number, given: NewStoredRepository): StoredRepository {
  const createdAt = new Date(Date.UTC(2026, 0, 1) + id * 60_000);
  return {
    id,
    uuid: randomUUID(),
    description: '',
    isPrivate: true,
    isArchived: false,
    isFork: false,
    isBeingDeleted: false,
    project: undefined,
    changedAt: createdAt,
    createdAt,
    bytes: 0,
    hooks: [],
    tags: {},
    ...given,
  };
}
