import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { version } from '../../package.json';

const stepName = 'Mirror to CodeCommit';

/** What decides which variables the step hands down. */
export interface StepWay {
  readonly oidc: boolean;
  readonly endpoint: string | undefined;
}

/** The step as an item of a list that stands at `indent`. */
export function toStepText({ oidc, endpoint }: StepWay, indent: string): string {
  const login = oidc ? 'AWS_OIDC_ROLE_ARN: $CODECOMMIT_ROLE_ARN' : 'SSH_KEY_ID: $CODECOMMIT_SSH_KEY_ID';
  const lines = [
    '- step:',
    `    name: ${stepName}`,
    ...(oidc ? ['    oidc: true'] : []),
    '    script:',
    `      - pipe: org/codecommit-mirror:${version.split('.').slice(0, 2).join('.')}`,
    '        variables:',
    '          CODECOMMIT_URL: $CODECOMMIT_URL',
    ...(endpoint === undefined ? [] : ['          CODECOMMIT_ENDPOINT: $CODECOMMIT_ENDPOINT']),
    `          ${login}`,
    '          REFS: all',
  ];
  return lines.map((line) => `${indent}${line}\n`).join('');
}

/** Every form that the step can have. */
const ways: readonly StepWay[] = [false, true].flatMap((oidc) =>
  [undefined, ''].map((endpoint) => ({ oidc, endpoint })),
);

/** Whether a step of that way is another one. */
export function isOtherWay(way: StepWay): (other: StepWay) => boolean {
  const hasEndpoint = way.endpoint !== undefined;
  return ({ oidc, endpoint }) => oidc !== way.oidc || (endpoint !== undefined) !== hasEndpoint;
}

/** Whether an item of a list of steps is one of ours, unchanged, of a way that is meant. */
export function isOurStep(item: unknown, isMeant: (way: StepWay) => boolean): boolean {
  return ways.filter(isMeant).some((way) => {
    const [step] = parse(toStepText(way, ''));
    return isDeepStrictEqual(withoutVersion(item), withoutVersion(step));
  });
}

/** The version may be that of an earlier setup, or of a later edit. */
function withoutVersion(item: unknown): unknown {
  return JSON.parse(JSON.stringify(item ?? null).replace(/codecommit-mirror:[\d.]+/, 'codecommit-mirror'));
}
