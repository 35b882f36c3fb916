import type { RepositoryMetadata, RepositoryNameIdPair } from '@aws-sdk/client-codecommit';
import { type Listing, listNewest, listWhole } from './api/paging';
import type { HostContext } from './api/settings';
import { callCodeCommit, createClient } from './codeCommitClient';
import type { CodeCommitSettings, Place } from './codeCommitPlace';
import { hostFailed } from './errors';
import { type Host, type NewRepository, parseIdentity, toIdentity } from './host';
import type { HostRepository } from './repository';

/** BatchGetRepositories: its page says 100, the service answers "Maximum allowed is 25". */
const batch = 25;

const quotaTexts = {
  untold: 'as the login lacks servicequotas:GetServiceQuota',
  raise: 'Ask for a higher quota ("Allowed repositories" in the Service Quotas console)',
};

/** Opens CodeCommit in one region. AWS's own client keeps to its limits and tries again. */
export function openCodeCommit(settings: CodeCommitSettings, context: HostContext): Host {
  const { region } = settings;
  const authority = `codecommit.${region}`;
  const name = `CodeCommit (${region})`;
  const { client, readKeys, readAllowed } = createClient(settings, context);
  const place: Place = { client, name, authority, region, context };
  return {
    kind: 'codecommit',
    authority,
    descriptionAtMost: 1_000,
    hooks: undefined,
    async *list({ newestFirst = false } = {}) {
      const listing = createListing(place, newestFirst);
      yield* newestFirst ? listNewest(listing) : listWhole(listing);
    },
    /** There is no call by id: the names of all come 1,000 a page, and the id stays when the name changes. */
    async find(identity) {
      const id = parseIdentity(identity, authority);
      for await (const pairs of readNames(place)) {
        const pair = pairs.find(({ repositoryId }) => repositoryId === id);
        if (pair !== undefined) return (await describeAll(place, [pair]))[0];
      }
      return undefined;
    },
    findByName: (wanted) => findByName(place, wanted),
    create: (wanted) => create(place, wanted),
    async describe({ name: repositoryName }, repositoryDescription) {
      await callCodeCommit(
        place,
        { action: 'UpdateRepositoryDescription', subject: repositoryName },
        (options) => client.updateRepositoryDescription({ repositoryName, repositoryDescription }, options),
      );
    },
    login: async () => ({ kind: 'aws', region, readKeys }),
    quota: { readAllowed, ...quotaTexts },
  };
}

/** Nothing says what the token of a page holds: a long list is read twice, and each repository is described once. */
function createListing(place: Place, newestFirst: boolean): Listing<string> {
  const known = new Map<string, HostRepository>();
  return {
    name: place.name,
    async readPage(nextToken) {
      const { pairs, next } = await readPairs(place, nextToken, newestFirst);
      const toOwn = ({ repositoryId = '' }: RepositoryNameIdPair) =>
        toIdentity(place.authority, repositoryId);
      const found = await describeAll(
        place,
        pairs.filter((pair) => !known.has(toOwn(pair))),
      );
      for (const each of found) known.set(each.identity, each);
      return { items: pairs.flatMap((pair) => known.get(toOwn(pair)) ?? []), next };
    },
  };
}

async function* readNames(place: Place): AsyncGenerator<readonly RepositoryNameIdPair[]> {
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const { pairs, next } = await readPairs(place, token, false);
    yield pairs;
    token = next;
  }
}

async function readPairs(place: Place, nextToken: string | undefined, newestFirst: boolean) {
  const sort = newestFirst
    ? ({ sortBy: 'lastModifiedDate', order: 'descending' } as const)
    : ({ sortBy: 'repositoryName', order: 'ascending' } as const);
  const answer = await callCodeCommit(place, { action: 'ListRepositories' }, (options) =>
    place.client.listRepositories({ ...sort, ...(nextToken !== undefined && { nextToken }) }, options),
  );
  return { pairs: answer.repositories ?? [], next: answer.nextToken || undefined };
}

/** In the order of the list. One that was deleted since the list was read is left out. */
async function describeAll(place: Place, pairs: readonly RepositoryNameIdPair[]): Promise<HostRepository[]> {
  const found: HostRepository[] = [];
  for (let start = 0; start < pairs.length; start += batch) {
    const part = pairs.slice(start, start + batch);
    const { repositories = [], repositoriesNotFound = [] } = await readBatch(place, part);
    const described = new Map(repositories.map((each) => [each.repositoryName, each]));
    for (const pair of part) {
      const metadata = described.get(pair.repositoryName);
      const isGone = repositoriesNotFound.includes(pair.repositoryName ?? '');
      if (!isGone) found.push(toHostRepository(place, metadata ?? toMetadata(place, pair)));
    }
  }
  return found;
}

async function readBatch(place: Place, pairs: readonly RepositoryNameIdPair[]) {
  const repositoryNames = pairs.map(({ repositoryName }) => repositoryName ?? '');
  return await callCodeCommit(place, { action: 'BatchGetRepositories' }, (options) =>
    place.client.batchGetRepositories({ repositoryNames }, options),
  );
}

/**
 * CodeCommit lists a repository and can't describe it where its encryption key is switched off, for example. It is there:
 * left out, it would look deleted.
 */
function toMetadata({ region }: Place, { repositoryId, repositoryName }: RepositoryNameIdPair) {
  const host = `git-codecommit.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return { repositoryId, repositoryName, cloneUrlHttp: `https://${host}/v1/repos/${repositoryName}` };
}

async function findByName(place: Place, repositoryName: string): Promise<HostRepository | undefined> {
  const {
    repositories = [],
    repositoriesNotFound = [],
    errors,
  } = await readBatch(place, [{ repositoryName }]);
  const [metadata] = repositories;
  if (metadata !== undefined) return toHostRepository(place, metadata);
  if (repositoriesNotFound.includes(repositoryName)) return undefined;
  const said = `"${repositoryName}": ${JSON.stringify(errors ?? [])}`;
  throw hostFailed(place.name, 'codecommit:BatchGetRepositories', said);
}

async function create(place: Place, wanted: NewRepository): Promise<HostRepository> {
  const { tags } = wanted;
  const request = {
    repositoryName: wanted.name,
    repositoryDescription: wanted.description,
    ...(tags !== undefined && { tags: { ...tags } }),
  };
  const action = tags === undefined ? 'CreateRepository' : 'CreateRepository (with codecommit:TagResource)';
  const answer = await callCodeCommit(place, { action, subject: wanted.name }, (options) =>
    place.client.createRepository(request, options),
  );
  if (answer.repositoryMetadata === undefined)
    throw hostFailed(place.name, 'codecommit:CreateRepository', 'its answer is empty');
  return toHostRepository(place, answer.repositoryMetadata);
}

/** Every repository of CodeCommit is private: only who may by IAM reads it. */
function toHostRepository({ authority, name: host }: Place, found: RepositoryMetadata): HostRepository {
  const { repositoryId, repositoryName, cloneUrlHttp, repositoryDescription = '', lastModifiedDate } = found;
  if (repositoryId === undefined || repositoryName === undefined || cloneUrlHttp === undefined)
    throw hostFailed(host, 'codecommit:BatchGetRepositories', 'a repository without id, name or URL');
  return {
    identity: toIdentity(authority, repositoryId),
    owner: '',
    name: repositoryName,
    url: cloneUrlHttp,
    description: repositoryDescription,
    isPrivate: true,
    isArchived: false,
    isFork: false,
    isBeingDeleted: false,
    changedAt: lastModifiedDate,
    bytes: undefined,
  };
}
