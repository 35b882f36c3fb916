import { version } from '../../../package.json';
import { collectFaults } from '../../faults';
import { parseDestinationUrl } from '../../pipe/destinationUrl';
import { type Mirror, toNightlyName, toVariableNames } from '../names';
import type { SetupRequest } from '../request';

/** What the step in bitbucket-pipelines.yml says. */
export interface StepContent {
  readonly mirror: Mirror;
  readonly oidc: boolean;
  /** The variables of the pipe, in their order. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
  /** The custom pipeline that a schedule starts; undefined: none is wanted. */
  readonly nightly: string | undefined;
}

/** What is no secret stands in the step itself, so that steps of several mirrors stand side by side. */
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
    },
    nightly: request.nightly ? toNightlyName(request) : undefined,
  };
}

/** The step as an item of a list that stands at `indent`. */
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
        ? [`          ${name}: ${value}`]
        : [`          ${name}:`, ...value.map((item) => `            - '${item}'`)],
    ),
  ];
  return lines.map((line) => `${indent}${line}\n`).join('');
}

/** The login of a step: what must be the same for it to be this set-up's. */
export function hasSameLogin(variables: Readonly<Record<string, unknown>>, content: StepContent): boolean {
  return ['SSH_KEY_ID', 'SSH_KEY', 'AWS_OIDC_ROLE_ARN', 'CODECOMMIT_ENDPOINT'].every(
    (name) => variables[name] === content.variables[name],
  );
}

/** Whether an item of a script is our pipe, with this mirror's repository as its destination. */
export function isPipeOf({ region, name }: Mirror, pipe: unknown, url: unknown): boolean {
  if (!/codecommit-mirror(:|$)/.test(String(pipe)) || typeof url !== 'string') return false;
  // A variable, such as $CODECOMMIT_URL, is a fault here: it may name any repository.
  const parsed = parseDestinationUrl(url, collectFaults(), { region });
  return parsed?.region === region && parsed.repository === name;
}
