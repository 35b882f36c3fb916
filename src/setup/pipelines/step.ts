import { version } from '../../../package.json';
import { collectFaults } from '../../faults';
import { parseDestinationUrl } from '../../pipe/destinationUrl';
import { readItems } from '../../pipe/variables';
import { type Mirror, toNightlyName, toVariableNames } from '../names';
import type { SetupRequest } from '../request';

/** The content of the step in bitbucket-pipelines.yml. */
export interface StepContent {
  readonly mirror: Mirror;
  readonly oidc: boolean;
  /** The variables of the pipe, in their order. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
  /** The custom pipeline for a schedule; undefined without one. */
  readonly nightly: string | undefined;
}

/** Values that are not secret are in the step itself, so that steps of several mirrors can coexist. */
export function toStepContent(request: SetupRequest, roleArn: string): StepContent {
  const { url, endpoint, knownHosts, oidc } = request;
  const { id, key } = toVariableNames(request);
  return {
    mirror: request,
    oidc,
    variables: {
      CODECOMMIT_URL: url,
      ...(endpoint !== undefined && { CODECOMMIT_ENDPOINT: endpoint }),
      ...(knownHosts.length > 0 && { KNOWN_HOSTS: knownHosts }),
      ...(oidc ? { AWS_OIDC_ROLE_ARN: roleArn } : { SSH_KEY_ID: `$${id}`, SSH_KEY: `$${key}` }),
      REFS: 'all',
      CODE_INSIGHTS: 'true',
    },
    nightly: request.nightly ? toNightlyName(request) : undefined,
  };
}

/** The step as a list item, indented by `indent`. */
export function toStepText({ mirror, oidc, variables }: StepContent, indent = ''): string {
  const lines = [
    '- step:',
    `    name: Mirror to CodeCommit (${mirror.region}/${mirror.name})`,
    ...(oidc ? ['    oidc: true'] : []),
    '    script:',
    `      - pipe: org/codecommit-mirror:${version.split('.').slice(0, 2).join('.')}`,
    '        variables:',
    ...Object.entries(variables).flatMap(([name, value]) =>
      typeof value === 'string'
        ? [`          ${name}: ${toScalar(value)}`]
        : [`          ${name}:`, ...value.map((item) => `            - '${item}'`)],
    ),
  ];
  return lines.map((line) => `${indent}${line}\n`).join('');
}

/** Pipelines accepts only text for a variable, and `true` without quotes is not text. */
function toScalar(value: string): string {
  return value === 'true' ? `'${value}'` : value;
}

/** Whether a step has the login of this set-up. */
export function hasSameLogin(variables: Readonly<Record<string, unknown>>, content: StepContent): boolean {
  return ['SSH_KEY_ID', 'SSH_KEY', 'AWS_OIDC_ROLE_ARN', 'CODECOMMIT_ENDPOINT'].every(
    (name) => variables[name] === content.variables[name],
  );
}

/** Whether a script item is our pipe with this mirror's repository as its destination, or as one of several. */
export function isPipeOf({ region, name }: Mirror, pipe: unknown, value: unknown): boolean {
  if (!/codecommit-mirror(:|$)/.test(String(pipe))) return false;
  return toUrls(value).some((url) => {
    // A variable, such as $CODECOMMIT_URL, does not count: it may name any repository.
    const parsed = parseDestinationUrl(url, collectFaults(), { region });
    return parsed?.region === region && parsed.repository === name;
  });
}

/** The destinations of a step: CODECOMMIT_URL may be a list. */
export function toUrls(value: unknown): readonly string[] {
  return [value].flat().flatMap((item) => {
    return typeof item === 'string' ? readItems({ CODECOMMIT_URL: item }, 'CODECOMMIT_URL') : [];
  });
}
