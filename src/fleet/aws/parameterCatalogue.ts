import type { ChainIdentity } from '../../aws/identity';
import type { Job } from '../../mirror/job';
import { codeCommit, generic, gitHub, type Profile } from '../../plan/profiles';
import type { Login, RemoteSettings } from '../../remote/settings';
import type { Log } from '../../system/context';
import type { RepositoryState } from '../state/repositoryState';
import type { Catalogue, CataloguedMirror, ListedPlace, Opening } from './catalogue';
import type { CodeCommitNames, NamedRepository } from './codeCommitNames';
import { callAws } from './errors';
import { toLogin } from './login';
import { type Place, toDigest } from './message';
import type { SecretCache } from './secrets';
import type { ParameterMirror } from './settings';

interface CatalogueParts {
  /** Those of the region of the source. */
  readonly names: CodeCommitNames;
  readonly source: ChainIdentity;
  readonly destination: ChainIdentity;
  readonly secrets: SecretCache;
  readonly log: Pick<Log, 'conceal'>;
}

/** How the state calls the one mirror that parameters describe. */
export const parameterMirrorName = 'codecommit';

/** What the parameters of the stack say is to be mirrored: repositories of CodeCommit, each to a URL made of its name. */
export function openParameterCatalogue(mirror: ParameterMirror, parts: CatalogueParts): Catalogue {
  const isMeant = (name: string) => mirror.repositories.includes('*') || mirror.repositories.includes(name);
  return {
    findByRepository({ region, name, id }) {
      if (region !== mirror.sourceRegion || !isMeant(name)) return [];
      return [toPlace(region, { name, id })];
    },
    mirrors: [toListed(mirror, parts, isMeant)],
    isGone: (place) => isGone(place, mirror, parts.names),
    open: (place, how) => open(mirror, place, how, { ...parts, isMeant }),
  };
}

function toListed(
  { sourceRegion }: ParameterMirror,
  { names }: CatalogueParts,
  isMeant: (name: string) => boolean,
): CataloguedMirror {
  async function* listPlaces(newestFirst: boolean): AsyncGenerator<readonly ListedPlace[]> {
    for await (const page of names.list(newestFirst))
      yield page
        .filter(({ name }) => isMeant(name))
        .map((repository) => ({ place: toPlace(sourceRegion, repository), hint: undefined }));
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

interface OpenParts extends CatalogueParts {
  readonly isMeant: (name: string) => boolean;
}

async function open(
  mirror: ParameterMirror,
  { mirror: name, path }: Place,
  { known, fresh }: { readonly known: RepositoryState | undefined; readonly fresh: boolean },
  parts: OpenParts,
): Promise<Opening> {
  if (name !== parameterMirrorName || !parts.isMeant(path)) return { kind: 'frozen' };
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
    job: toJob(mirror, source, { url, name: url, login }),
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
  const call = secret.kind === 'parameter' ? 'ssm:GetParameter' : 'secretsmanager:GetSecretValue';
  const text = (await callAws(`${call} on ${secretName}`, () => secrets.read(secret, fresh))) ?? '';
  log.conceal([text]);
  const login = await toLogin(text, url, secretName);
  if (login.kind === 'password') log.conceal([login.password]);
  return { login, digest: toDigest([text]) };
}

function toJob(mirror: ParameterMirror, source: RemoteSettings, destination: RemoteSettings): Job {
  const { force, prune, pruneLimit, pushBytes } = mirror;
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
