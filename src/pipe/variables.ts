import * as z from 'zod';
import { type Fault, quote } from '../faults';
import { gatherList, separators } from './lists';

/** The environment as the program was started with it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is set to nothing, as CI systems and shells leave it, is not set. */
export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}

interface VariableText {
  readonly description: string;
  /** What a value must be, as it stands in a fault: "it must be …". */
  readonly form?: string;
  readonly required?: true;
  readonly secret?: true;
  readonly default?: string;
  /** What follows the flag on the command line; a switch has none. */
  readonly placeholder?: string;
  /** The command line has no flag for it. */
  readonly pipeOnly?: true;
}

const texts = z.registry<VariableText>();

function text(about: VariableText) {
  return z.string().optional().register(texts, about);
}

function boolean(description: string, more: Partial<VariableText> = {}) {
  return z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .register(texts, { description, form: 'true or false, in lower case', default: 'false', ...more });
}

function count({ pattern, ...about }: VariableText & { pattern: RegExp; default: string }) {
  return z
    .string()
    .regex(pattern)
    .default(about.default)
    .transform(Number)
    .register(texts, { ...about, placeholder: '<count>' });
}

function list(about: VariableText) {
  return z.array(z.string()).default([]).register(texts, about);
}

/** Every variable of the program. The README's table and the help of the command line are made from this. */
const schema = z.object({
  CODECOMMIT_URL: text({
    description:
      'The repository to mirror to: `ssh://[KEYID@]git-codecommit.<region>.amazonaws.com/v1/repos/<name>`, `codecommit::<region>://<name>`, the HTTPS URL that the console shows, or a bare `<name>` together with AWS_DEFAULT_REGION. All but the first go over HTTPS where AWS credentials or a role are given. Any other `ssh://host[:port]/path` is mirrored to as a plain git repository.',
    required: true,
    placeholder: '<url>',
  }),
  SSH_KEY_ID: text({
    description:
      "IAM's id of the SSH public key (`APKA…`), which is the SSH user name. Required over SSH unless CODECOMMIT_URL carries it, or AWS credentials let it be found at IAM by the fingerprint of the key.",
    placeholder: '<id>',
  }),
  AWS_DEFAULT_REGION: text({
    description: 'The region of the repository, when CODECOMMIT_URL is a bare name.',
    placeholder: '<region>',
  }),
  SSH_KEY: text({
    description:
      'The private key, base64 or PEM: RSA, at least 2048 bits, without a passphrase. Default: the SSH key of Pipelines.',
    secret: true,
  }),
  KNOWN_HOSTS: list({
    description:
      'Lines of known_hosts to trust besides those of Pipelines and the fingerprints that AWS published; `<host> SHA256:<fingerprint>` is welcome too.',
    placeholder: '<line...>',
  }),
  AWS_OIDC_ROLE_ARN: text({
    description:
      'The IAM role to mirror as, without SSH key or access key, in a step with `oidc: true`: `arn:aws:iam::<account>:role/<name>`.',
    placeholder: '<arn>',
  }),
  AWS_ACCESS_KEY_ID: text({
    description: 'An AWS access key to mirror with over HTTPS, in place of an SSH key.',
    placeholder: '<id>',
  }),
  AWS_SECRET_ACCESS_KEY: text({ description: 'The secret of AWS_ACCESS_KEY_ID.', secret: true }),
  AWS_SESSION_TOKEN: text({
    description: 'The session token of AWS_ACCESS_KEY_ID, when it is a temporary one (`ASIA…`).',
    secret: true,
  }),
  CODECOMMIT_ENDPOINT: text({
    description:
      'The `host[:port]` that stands in for the git host of the region, such as that of a VPC endpoint. Over SSH its host key is trusted by KNOWN_HOSTS.',
    placeholder: '<host>',
  }),
  REFS: z.enum(['current', 'all']).default('current').register(texts, {
    description: '`current` mirrors the branch or tag of this run, `all` every branch and tag.',
    form: 'current or all, in lower case',
    default: 'current',
    placeholder: '<refs>',
  }),
  INCLUDE: list({
    description:
      'With REFS `all`: patterns of the only refs to mirror, such as `release/*` or `refs/tags/v*`; a YAML list, or separated by spaces or commas. They mean what they mean in bitbucket-pipelines.yml: `*` stops at a slash, `**` does not.',
    placeholder: '<pattern...>',
  }),
  EXCLUDE: list({
    description:
      'With REFS `all`: patterns of refs to leave out. What INCLUDE or EXCLUDE leaves out is never pruned either.',
    placeholder: '<pattern...>',
  }),
  FORCE: boolean('Lets a branch or tag that was rewritten at the source be rewritten at the destination.'),
  PRUNE: boolean('With REFS `all`: deletes at the destination what the source no longer has.'),
  PRUNE_LIMIT: count({
    description: 'When PRUNE would delete more refs than this, nothing at all is pushed.',
    form: 'a whole number, 0 or more',
    pattern: /^\d{1,9}$/,
    default: '10',
  }),
  BACKUP: boolean(
    'Keeps every tip that FORCE replaces or PRUNE deletes, as a branch of the destination under `mirror-backup/<time>/`, before it is replaced.',
  ),
  LFS: z.enum(['warn', 'fail', 'push']).default('warn').register(texts, {
    description:
      'What to do about files kept in Git LFS, which a git push leaves behind: `warn` mirrors and says what is not there, `fail` stops before the push, `push` sends the files first, where the destination takes them.',
    form: 'warn, fail or push, in lower case',
    default: 'warn',
    placeholder: '<what>',
  }),
  PUSH_SIZE: count({
    description:
      'Mebibytes that one push may carry. A bigger history goes in slices of at most 1,000 commits, so that a failure costs one slice.',
    form: 'a whole number of mebibytes from 1 to 999999',
    pattern: /^[1-9]\d{0,5}$/,
    default: '1024',
  }),
  CHECK: boolean(
    'Checks instead of mirroring: looks whether a mirror with these variables would work and what differs, and changes nothing.',
    { pipeOnly: true },
  ),
  DRY_RUN: boolean('Prints the plan and pushes nothing.'),
  MAX_ATTEMPTS: count({
    description:
      'How often a run tries, in a row and without getting further, what a moment later may succeed: dropped connections, timeouts, throttling.',
    form: 'a whole number from 1 to 99',
    pattern: /^[1-9]\d?$/,
    default: '5',
  }),
  TIMEOUT: count({
    description: 'Minutes after which the run is ended, whatever it is at. Pipelines ends a step after 120.',
    form: 'a number of minutes from 1 to 9999',
    pattern: /^[1-9]\d{0,3}$/,
    default: '110',
  }),
  REPORT_FILE: text({ description: 'Writes the report to this file, as JSON.', placeholder: '<file>' }),
  SOURCE_URL: text({
    description:
      'The repository to mirror from. Default: the repository of this pipeline; outside one, the origin of the clone.',
    placeholder: '<url>',
  }),
  SOURCE_PROXY: text({
    description:
      'The HTTP proxy to the source. Default: that of Pipelines, `http://host.docker.internal:29418`; outside a pipe, none.',
    placeholder: '<url>',
  }),
  DEBUG: boolean('Turns on extra debug information, still without secrets.'),
});

export type Variables = z.output<typeof schema>;

/** A variable as the documentation tells it. `flag` is in commander's form; secrets, and what only a pipe needs, have none. */
export interface Variable {
  readonly name: string;
  readonly flag?: string;
  /** Its values are true and false: the flag takes none. */
  readonly isSwitch: boolean;
  readonly required: boolean;
  readonly secret: boolean;
  readonly default?: string;
  readonly description: string;
}

export const variables: readonly Variable[] = Object.entries(schema.shape).map(([name, field]) => {
  const about = texts.get(field);
  const flag = `--${name.toLowerCase().replaceAll('_', '-')} ${about?.placeholder ?? ''}`.trimEnd();
  return {
    name,
    ...(about?.secret || about?.pipeOnly ? {} : { flag }),
    isSwitch: about?.default === 'false',
    required: about?.required ?? false,
    secret: about?.secret ?? false,
    ...(about?.default === undefined ? {} : { default: about.default }),
    description: about?.description ?? '',
  };
});

/** The values of one run; those at fault have their default. */
export interface ParsedVariables {
  readonly values: Variables;
  readonly faults: readonly Fault[];
}

/** Parses the variables, each by itself: what they mean together is not looked at. An empty value counts as none. */
export function parseVariables(env: Environment): ParsedVariables {
  const faults: Fault[] = [];
  const input: Record<string, string | readonly string[]> = {};
  for (const { name, secret } of variables) {
    const value = separators.has(name) ? gatherList(env, name, faults) : env[name] || undefined;
    const item = [value ?? []].flat().find((each) => /^\$(\w+|\{\w+\})$/.test(each));
    if (item !== undefined) faults.push(unexpanded(name, secret ? undefined : item));
    else if (value !== undefined) input[name] = value;
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return { values: parsed.data, faults };
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0]);
    faults.push(unfit(name, input[name]));
    delete input[name];
  }
  return { values: schema.parse(input), faults };
}

function unexpanded(name: string, value: string | undefined): Fault {
  const shown = value === undefined ? 'is' : `is ${quote(value)},`;
  return {
    variable: name,
    code: 'variables-invalid',
    message: `${name} ${shown} the name of a variable, not its value: Pipelines knows no variable of that name here.`,
    remedy: `Define the variable in Repository settings > Pipelines > Repository variables (or in the deployment of this step), or correct its name in bitbucket-pipelines.yml.`,
  };
}

function unfit(name: string, value: string | readonly string[] | undefined): Fault {
  const about = Object.entries(schema.shape).find(([each]) => each === name)?.[1];
  const { form = 'text', default: fallback } = (about && texts.get(about)) ?? {};
  return {
    variable: name,
    code: 'variables-invalid',
    message: `${name} is ${quote(String(value))}; it must be ${form}.`,
    remedy: `Set ${name} to ${form}, or leave it out for its default, ${fallback}.`,
  };
}
