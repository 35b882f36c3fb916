import { toGlobTest } from '../../plan/glob';
import type { MirrorConfiguration } from '../configuration/configuration';
import type { PlannedRepository } from '../plan/decision';
import { nothingNamed } from './errors';

/**
 * The repositories that these names mean: a mirror by its name, a repository by its `owner/name` at the source or its name
 * at the destination, each as a pattern. All of them without names. Throws MirrorError for a name that means nothing.
 */
export function selectNamed(
  repositories: readonly PlannedRepository[],
  names: readonly string[],
  mirrors: readonly MirrorConfiguration[],
): readonly PlannedRepository[] {
  if (names.length === 0) return repositories;
  const tests = names.map((name) => ({ name, matches: toGlobTest(name) }));
  const means = (matches: (text: string) => boolean, { mirror, path, ...planned }: PlannedRepository) =>
    matches(mirror) ||
    matches(path) ||
    ('destination' in planned && planned.destination !== undefined && matches(planned.destination));
  const unknown = tests.filter(
    ({ matches }) =>
      !mirrors.some((mirror) => matches(mirror.name)) && !repositories.some((each) => means(matches, each)),
  );
  if (unknown.length > 0)
    throw nothingNamed(
      unknown.map(({ name }) => name),
      mirrors.map(({ name }) => name),
    );
  return repositories.filter((each) => tests.some(({ matches }) => means(matches, each)));
}
