import {
  type DestinationKind,
  findNameFault,
  isTooLong,
  toHostName,
  toNameKey,
  toTaggedName,
} from './naming';

/** A repository that needs a name. */
export interface NameRequest {
  readonly identity: string;
  readonly kind: DestinationKind;
  /** Where the name must be unique: `toPlace` of the destination. */
  readonly place: string;
  /** As the template gives it, or the operator. */
  readonly wanted: string;
  /** The operator chose this name: it is taken as it is, or not at all. */
  readonly isChosen: boolean;
}

export type AssignedName =
  | { readonly name: string }
  | { readonly name: string; readonly fault: 'invalid' | 'collision'; readonly detail: string };

/** The names that are taken at a place: by `toNameKey`, the identity of whom they belong to. */
export type TakenNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Gives every request a name, or says why it can't have one. No two get the same, upper and lower case being equal, and
 * none gets one that belongs to another identity. Of several that want the same, all get their own ending: which name a
 * repository has must not depend on the order of a listing.
 */
export function assignNames<T extends NameRequest>(
  requests: readonly T[],
  taken: TakenNames,
): ReadonlyMap<T, AssignedName> {
  const wishes = requests.map((request) => ({ request, name: toHostName(request.kind, request.wanted) }));
  const counts = countBy(wishes, ({ request, name }) => toKey(request.place, name));
  const first = wishes.map(({ request, name }): [T, AssignedName] => {
    const isShared = (counts.get(toKey(request.place, name)) ?? 0) > 1 || isTaken(request, name, taken);
    return [request, isShared ? toShared(request, name) : toOwn(request, name)];
  });
  return withoutCollisions(first, taken);
}

function toOwn(request: NameRequest, name: string): AssignedName {
  if (isTooLong(request.kind, name) && !request.isChosen) return toTagged(request, name);
  return checked(request, name);
}

function toShared(request: NameRequest, name: string): AssignedName {
  if (!request.isChosen) return toTagged(request, name);
  return {
    name,
    fault: 'collision',
    detail: `the name "${name}", which was chosen for it, belongs to another repository`,
  };
}

function toTagged(request: NameRequest, name: string): AssignedName {
  return checked(request, toTaggedName(request.kind, name, request.identity));
}

function checked(request: NameRequest, name: string): AssignedName {
  const fault = findNameFault(request.kind, name);
  if (fault === undefined) return { name };
  return { name, fault: 'invalid', detail: `"${name}" can't be its name: ${fault}` };
}

/** An ending that meets another name is so rare that a person may decide. */
function withoutCollisions<T extends NameRequest>(
  assigned: readonly [T, AssignedName][],
  taken: TakenNames,
): ReadonlyMap<T, AssignedName> {
  const counts = countBy(
    assigned.filter(([, each]) => !('fault' in each)),
    ([request, { name }]) => toKey(request.place, name),
  );
  return new Map(
    assigned.map(([request, each]): [T, AssignedName] => {
      if ('fault' in each) return [request, each];
      const { name } = each;
      if (counts.get(toKey(request.place, name)) === 1 && !isTaken(request, name, taken))
        return [request, each];
      const detail = `"${name}" belongs to another repository too`;
      return [request, { name, fault: 'collision', detail }];
    }),
  );
}

function isTaken({ identity, place }: NameRequest, name: string, taken: TakenNames): boolean {
  const holder = taken.get(place)?.get(toNameKey(name));
  return holder !== undefined && holder !== identity;
}

function toKey(place: string, name: string): string {
  return `${place}\n${toNameKey(name)}`;
}

function countBy<T>(items: readonly T[], toKeyOf: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(toKeyOf(item), (counts.get(toKeyOf(item)) ?? 0) + 1);
  return counts;
}
