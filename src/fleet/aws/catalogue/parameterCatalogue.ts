import type { ChainIdentity } from '../../../aws/identity';
import type { MirrorError } from '../../../errors';
import type { Job } from '../../../mirror/job';
import { codeCommit, generic, gitHub, type Profile } from '../../../plan/profiles';
import type { Login, RemoteSettings } from '../../../remote/settings';
import type { Log } from '../../../system/context';
import { toMirrorError } from '../../../system/errors';
import type { RepositoryState } from '../../state/repositoryState';
import type { CodeCommitNames, NamedRepository } from '../resources/codeCommitNames';
import { callAws } from '../resources/errors';
import { type Place, toDigest } from '../resources/message';
import type { KeptSecrets } from '../resources/secrets';
import type { Catalogue, EventSources, Opening, SourceProblem } from './catalogue';
import { toLogin } from './login';
import { type ListedSource, type RefreshedStore, refreshSource } from './refresh';
import type { ParameterMirror } from './settings';

interface CatalogueParts {
  /** Those of the region of the source. */
  readonly names: CodeCommitNames;
  readonly source: ChainIdentity;
  readonly destination: ChainIdentity;
  readonly secrets: KeptSecrets;
  readonly store: RefreshedStore;
  readonly now: () => number;
  /** Bytes that one push may carry; more goes in slices. */
  readonly pushBytes: number;
  readonly log: Pick<Log, 'conceal'>;
}

/** How the state calls the one mirror that parameters describe. */
export const parameterMirrorName = 'codecommit';

/** The repositories of CodeCommit that parameters name, as their events tell of them. */
export function toParameterSources(mirror: ParameterMirror): EventSources {
  return {
    findByRepository({ region, name, id }) {
      if (region !== mirror.sourceRegion || !isMeant(mirror, name)) return [];
      return [toPlace(region, { name, id })];
    },
  };
}

function isMeant({ repositories }: ParameterMirror, name: string): boolean {
  return repositories.includes('*') || repositories.includes(name);
}

/** What the parameters of the stack say is to be mirrored: repositories of CodeCommit, each to a URL made of its name. */
export function openParameterCatalogue(mirror: ParameterMirror, parts: CatalogueParts): Catalogue {
  const source = toListed(mirror, parts);
  return {
    mirrors: [source.name],
    async refresh(isWhole) {
      try {
        await refreshSource(source, isWhole, parts.store, parts.now());
        return [];
      } catch (error) {
        return [await keepProblem(source.name, toMirrorError(error), parts.store)];
      }
    },
    isGone: (place) => isGone(place, mirror, parts.names),
    open: (place, how) => open(mirror, place, how, parts),
  };
}

async function keepProblem(
  mirror: string,
  error: MirrorError,
  store: RefreshedStore,
): Promise<SourceProblem> {
  const { code, message, remedy } = error;
  const before = await store.readMirror(mirror);
  await store.write([{ kind: 'mirror', state: { ...before, mirror, problem: { code, message, remedy } } }]);
  return { mirror, error };
}

function toListed(mirror: ParameterMirror, { names }: CatalogueParts): ListedSource {
  async function* listPlaces(newestFirst: boolean): AsyncGenerator<readonly Place[]> {
    for await (const page of names.list(newestFirst))
      yield page
        .filter(({ name }) => isMeant(mirror, name))
        .map((repository) => toPlace(mirror.sourceRegion, repository));
  }
  return {
    name: parameterMirrorName,
    list: () => listPlaces(false),
    listNewest: () => listPlaces(true),
  };
}

function toPlace(region: string, { name, id }: NamedRepository): Place {
  return { mirror: parameterMirrorName, identity: `codecommit.${region}#${id}`, path: name };
}

/** There is no call by id: the names of all are read to their end. */
async function isGone(
  { identity }: Place,
  { sourceRegion }: ParameterMirror,
  names: CodeCommitNames,
): Promise<boolean> {
  for await (const page of names.list(false))
    if (page.some((repository) => toPlace(sourceRegion, repository).identity === identity)) return false;
  return true;
}

async function open(
  mirror: ParameterMirror,
  { mirror: name, path }: Place,
  { known, fresh }: { readonly known: RepositoryState | undefined; readonly fresh: boolean },
  parts: CatalogueParts,
): Promise<Opening> {
  if (name !== parameterMirrorName || !isMeant(mirror, path)) return { kind: 'frozen' };
  // A repository that was renamed at the source keeps its mirror.
  const destination = known?.destination ?? path;
  const url = mirror.destinationUrl.replaceAll('{name}', destination);
  const { login, digest } = await readLogin(mirror, url, fresh, parts);
  const sourceUrl = mirror.sourceUrl.replaceAll('{name}', path);
  const source: RemoteSettings = {
    url: sourceUrl,
    name: `${path} (${mirror.sourceRegion})`,
    login: { kind: 'aws', region: mirror.sourceRegion, identity: parts.source },
  };
  return {
    kind: 'job',
    job: toJob(mirror, source, { url, name: url, login }, parts.pushBytes),
    bytes: undefined,
    logins: digest,
    found: { path, destination },
  };
}

interface ReadLogin {
  readonly login: Login;
  readonly digest: string;
}

async function readLogin(
  mirror: ParameterMirror,
  url: string,
  fresh: boolean,
  { secrets, destination, log }: CatalogueParts,
): Promise<ReadLogin> {
  const { secret, secretName, destinationRegion: region } = mirror;
  if (secret === undefined)
    return { login: { kind: 'aws', region: region ?? '', identity: destination }, digest: '' };
  if (fresh) secrets.forget();
  const [call, read] =
    secret.kind === 'parameter'
      ? ['ssm:GetParameter', () => secrets.readParameter(secret)]
      : ['secretsmanager:GetSecretValue', () => secrets.readSecret(secret)];
  const text = (await callAws(`${call} on ${secretName}`, read)) ?? '';
  log.conceal([text]);
  const login = await toLogin(text, url, secretName);
  if (login.kind === 'password') log.conceal([login.password]);
  return { login, digest: toDigest([text]) };
}

function toJob(
  mirror: ParameterMirror,
  source: RemoteSettings,
  destination: RemoteSettings,
  pushBytes: number,
): Job {
  const { force, prune, pruneLimit } = mirror;
  return {
    source,
    destination,
    selection: { refs: 'all', include: [], exclude: [] },
    policy: { force, prune, pruneLimit, backup: false, lfs: 'warn', dryRun: false },
    limits: { profile: toProfile(destination), pushBytes, attempts: 3 },
  };
}

function toProfile({ url, login }: RemoteSettings): Profile {
  if (login.kind === 'aws' || /^ssh:\/\/[^/]*git-codecommit\./.test(url)) return codeCommit;
  return new URL(url).hostname === 'github.com' ? gitHub : generic;
}
