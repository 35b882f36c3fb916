/** What people call these keys elsewhere. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  org: ['owner', 'group', 'workspace'],
  organization: ['owner', 'group', 'workspace'],
  organisation: ['owner', 'group', 'workspace'],
  owner: ['group', 'workspace', 'project'],
  group: ['owner', 'workspace', 'project'],
  user: ['owner', 'workspace'],
  namespace: ['group', 'owner', 'workspace'],
  team: ['workspace', 'owner', 'group'],
  regex: ['match'],
  pattern: ['match'],
  include: ['match'],
  ignore: ['exclude'],
  source: ['from'],
  destination: ['to'],
  target: ['to'],
  template: ['repository'],
  repo: ['repository'],
  repo_name: ['repository'],
  password: ['token'],
  'access-token': ['token'],
  base_url: ['url'],
  endpoint: ['url'],
  timeout: ['timeout_minutes'],
  'timeout-minutes': ['timeout_minutes'],
  max_parallel: ['concurrency'],
  'max-parallel': ['concurrency'],
  'bitbucket-server': ['bitbucket-datacenter'],
  'bitbucket-cloud': ['bitbucket'],
  stash: ['bitbucket-datacenter'],
  aws: ['codecommit'],
};

/** The known word that was probably meant: another name for it, or at most two letters away. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const other = otherNames[lower]?.find((name) => known.includes(name));
  if (other !== undefined) return other;
  const nearest = known
    .map((name) => ({ name, distance: countEdits(lower, name) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest !== undefined && nearest.distance <= Math.min(2, word.length / 2) ? nearest.name : undefined;
}

/** Levenshtein's distance: letters to insert, remove or replace. */
function countEdits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === other[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
