import { stringify } from 'yaml';
import type { InitAnswers, PlaceKeys } from './places';

/** The text of a first mirrors.yaml: what was answered, and in comments what most people set next. */
export function toConfigurationText({ from, to, exact }: InitAnswers): string {
  const name = `${from['host']}-${toOwner(from)}`.replace(/[^\w.-]+/g, '-').slice(0, 64);
  return `# yaml-language-server: $schema=./mirrors.schema.json
# "codecommit-mirror fleet schema > mirrors.schema.json" writes the schema, with which editors complete and check this
# file. "codecommit-mirror fleet preview" shows what would be mirrored, and changes nothing.

mirrors:
  - name: ${toYaml(name)}
    from:
${toLines(from)}
      # match: '^(svc|lib)-'         # only these: a regular expression
      # exclude: ['*-old']           # and not these
    to:
${toLines(to)}
      # repository: '{slug}'         # the name of each mirror; '{owner}-{name}' is another
    # refs:
    #   exclude: ['dependabot/*']
    force: ${exact}${' '.repeat(exact ? 1 : 0)}                     # branches that are rewritten at the source
    prune: ${exact}${' '.repeat(exact ? 1 : 0)}                     # branches that are deleted at the source
    # prune_limit: 10                # more deletions than this stop the mirror of a repository
    # backup: true                   # keep what is replaced or deleted, as branches of the destination

# concurrency: 4                     # repositories at the same time
`;
}

const ownerKeys = ['owner', 'group', 'workspace', 'project', 'region'];

function toOwner(keys: PlaceKeys): string {
  return keys[ownerKeys.find((key) => keys[key] !== undefined) ?? ''] ?? '';
}

function toLines(keys: PlaceKeys): string {
  return Object.entries(keys)
    .map(([key, value]) => `      ${key}: ${toYaml(value)}${toNote(key, value)}`)
    .join('\n');
}

function toNote(key: string, value: string): string {
  return key === 'token' ? ` # the environment variable ${value.slice(1)}; never the token itself` : '';
}

function toYaml(value: string): string {
  return stringify(value).trim();
}
