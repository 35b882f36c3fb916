import type { DestinationKind } from './naming';

/** Whose mirror a repository is, as its description says. */
export interface Marker {
  /** The identity of the source repository. */
  readonly identity: string;
  /** Its `owner/name` when the marker was written, perhaps cut: for people to read. */
  readonly path: string;
}

const beginning = 'codecommit-mirror: ';

/** Characters that a description may have. */
const most: Readonly<Record<DestinationKind, number>> = {
  // CodeCommit API, CreateRepository: RepositoryDescription.
  codecommit: 1000,
  // The API answers 422, "description cannot be more than 350 characters".
  github: 350,
  // app/models/project.rb validates the length of the description.
  gitlab: 2000,
  // Not published: the least of the others, which a marker fits into.
  bitbucket: 255,
  'bitbucket-datacenter': 255,
};

/**
 * The description of a mirror: `codecommit-mirror: github.com#123456 acme/app`. The path is cut where the host's limit
 * asks for it, the identity never. Throws RangeError for an identity that can't be written so.
 */
export function toMarker({ identity, path }: Marker, kind: DestinationKind): string {
  if (!isIdentity(identity)) throw new RangeError(`no identity: ${JSON.stringify(identity)}`);
  const readable = path.replaceAll(/[\s\p{Cc}]/gu, '');
  return `${beginning}${identity} ${readable}`
    .slice(0, Math.max(most[kind], beginning.length + identity.length))
    .trimEnd();
}

/**
 * Reads the marker of a description; undefined when there is none. Only the beginning counts: the rest of a description
 * may be anybody's words.
 */
export function parseMarker(description: string): Marker | undefined {
  if (!description.startsWith(beginning)) return undefined;
  const [identity = '', path = ''] = description.slice(beginning.length).split(/\s/);
  return isIdentity(identity) ? { identity, path } : undefined;
}

/** `<authority>#<id>`, without white space. */
function isIdentity(text: string): boolean {
  return /^[^\s#]+#\S+$/.test(text);
}
