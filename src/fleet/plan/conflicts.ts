/** Why a repository is not mirrored until a person decides. */
export type ConflictBecause =
  /** The destination's repository of that name is somebody else's, and not empty. */
  | 'foreign'
  /** As `foreign`, but nobody has looked yet whether it is empty. */
  | 'unseen'
  /** The name belongs to another repository of this fleet. */
  | 'collision'
  /** The destination can't have the name. */
  | 'invalid'
  /** More repositories than the destination's account may have. */
  | 'quota'
  /** The destination is itself a source. */
  | 'loop'
  /** Two repositories of the destination carry the same marker. */
  | 'marked-twice'
  /** The mirror has another name at the destination than it was given. */
  | 'renamed-there'
  /** The destination could not be listed, so that nobody knows what is there. */
  | 'unlisted';

export interface Conflict {
  readonly action: 'conflict';
  readonly because: ConflictBecause;
  /** The name at the destination that it is about. */
  readonly destination: string;
  /** The identity of the destination's repository, where there is one. */
  readonly destinationIdentity?: string;
  /** A full sentence, without the name of the source. */
  readonly detail: string;
  readonly remedy: string;
}

interface Found {
  readonly name: string;
  readonly identity: string;
}

const chooseName = 'Give it another name under "names" in mirrors.yaml';

export const foreign = ({ name, identity }: Found): Conflict => ({
  action: 'conflict',
  because: 'foreign',
  destination: name,
  destinationIdentity: identity,
  detail: `"${name}" already exists at the destination, is not empty, and is not marked as this mirror.`,
  remedy: `${chooseName}; or, if it may be overwritten, add "${name}" to "adopt".`,
});

export const foreignMarker = ({ name, identity }: Found, owner: string): Conflict => ({
  action: 'conflict',
  because: 'foreign',
  destination: name,
  destinationIdentity: identity,
  detail: `"${name}" at the destination is marked as the mirror of another repository, ${owner}.`,
  remedy: 'Find out who changed its description. If that is wrong, empty the description.',
});

export const unseen = ({ name, identity }: Found): Conflict => ({
  action: 'conflict',
  because: 'unseen',
  destination: name,
  destinationIdentity: identity,
  detail: `"${name}" already exists at the destination, and could not be read to see if it is empty.`,
  remedy: `Let the login of the destination read it; ${chooseName.toLowerCase()}; or add "${name}" to "adopt".`,
});

export const collision = (destination: string, detail: string): Conflict => ({
  action: 'conflict',
  because: 'collision',
  destination,
  detail: `${toSentence(detail)}.`,
  remedy: `${chooseName}.`,
});

export const invalidName = (destination: string, detail: string): Conflict => ({
  action: 'conflict',
  because: 'invalid',
  destination,
  detail: `${toSentence(detail)}.`,
  remedy: `${chooseName}.`,
});

export const quotaReached = (destination: string, allowed: number, raise: string): Conflict => ({
  action: 'conflict',
  because: 'quota',
  destination,
  detail: `The destination may have at most ${allowed} repositories, and this one would exceed that.`,
  remedy: `${raise}, or exclude repositories.`,
});

export const loop = ({ name, identity }: Found): Conflict => ({
  action: 'conflict',
  because: 'loop',
  destination: name,
  destinationIdentity: identity,
  detail: `"${name}" at the destination is itself a source of this fleet.`,
  remedy: `${chooseName}, or exclude "${name}" in the other mirror.`,
});

export const markedTwice = (found: readonly Found[]): Conflict => ({
  action: 'conflict',
  because: 'marked-twice',
  destination: found[0]?.name ?? '',
  detail: `${found.map(({ name }) => `"${name}"`).join(' and ')} at the destination are both marked as its mirror.`,
  remedy: 'Empty the description of the wrong one.',
});

export const renamedThere = (given: string, { name, identity }: Found): Conflict => ({
  action: 'conflict',
  because: 'renamed-there',
  destination: given,
  destinationIdentity: identity,
  detail: `Its mirror was created as "${given}" and is now named "${name}" at the destination.`,
  remedy: `Rename it back to "${given}".`,
});

export const unlisted = (destination: string): Conflict => ({
  action: 'conflict',
  because: 'unlisted',
  destination,
  detail: 'The destination could not be listed, so nothing is created there.',
  remedy: 'Nothing to do here: the next run tries again. The error of the listing is shown for the mirror.',
});

function toSentence(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}
