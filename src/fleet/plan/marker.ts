/** Whose mirror a repository is, as its description says. */
export interface Marker {
  /** The identity of the source repository. */
  readonly identity: string;
  /** Its `owner/name` when the marker was written, perhaps cut: for people to read. */
  readonly path: string;
}

const beginning = 'codecommit-mirror: ';

/**
 * The description of a mirror, of at most so many characters: `codecommit-mirror: github.com#123456 acme/app`. The path
 * is cut where it must be, the identity never. Throws RangeError for an identity that can't be written so.
 */
export function toMarker({ identity, path }: Marker, most: number): string {
  if (!isIdentity(identity)) throw new RangeError(`no identity: ${JSON.stringify(identity)}`);
  const readable = path.replaceAll(/[\s\p{Cc}]/gu, '');
  // By whole characters: half of one would come back as another one.
  return [...`${beginning}${identity} ${readable}`]
    .slice(0, Math.max(most, beginning.length + identity.length))
    .join('')
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
