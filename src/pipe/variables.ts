import * as z from 'zod';

/** The environment that the program was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** CI systems and shells leave variables set to an empty text. Such a variable counts as not set. */
export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}

interface About {
  readonly description: string;
  /** What a value must be, for a fault: "it must be …". */
  readonly form?: string;
  readonly required?: true;
  readonly default?: string;
  readonly secret?: true;
  /** A URL that may contain a password or token. */
  readonly carriesPassword?: true;
  /** It may be a YAML list. This separates the items of a plain value. */
  readonly separator?: RegExp;
  /** The value on the command line. A switch has none. */
  readonly placeholder?: string;
  /** The command line has no flag for it. */
  readonly pipeOnly?: true;
}

const registry = z.registry<About>();

function text(about: About) {
  return z.string().optional().register(registry, about);
}

function choice<const T extends readonly [string, ...string[]]>(values: T, about: About) {
  const form = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}, in lower case`;
  return z
    .enum(values)
    .default(() => values[0] as T[number])
    .register(registry, { form, default: values[0], ...about });
}

function toggle(description: string, more: Partial<About> = {}) {
  return z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .register(registry, { description, form: 'true or false, in lower case', default: 'false', ...more });
}

function count(pattern: RegExp, about: About & { default: string }) {
  return z
    .string()
    .regex(pattern)
    .default(about.default)
    .transform(Number)
    .register(registry, { placeholder: '<count>', ...about });
}

function list(separator: RegExp, about: About) {
  return z
    .array(z.string())
    .default([])
    .register(registry, { separator, ...about });
}

/** Every variable. The table of docs/variables.md, the help, the parser and the redaction of secrets are made from this. */
export const schema = z.object({
  CODECOMMIT_URL: list(/[\s,]+(?=(?:ssh|https|codecommit):)/, {
    description:
      'The repository to mirror to, or a list of several: `ssh://[KEYID@]git-codecommit.<region>.amazonaws.com/v1/repos/<name>`, `codecommit::<region>://<name>`, the HTTPS URL that the console shows, or a bare `<name>` with AWS_DEFAULT_REGION. With AWS credentials or a role, all forms but the first use HTTPS. Any other `ssh://host[:port]/path` is a plain git repository.',
    required: true,
    carriesPassword: true,
    placeholder: '<url...>',
  }),
  SSH_KEY_ID: text({
    description:
      "The ID that IAM shows for the SSH public key (`APKA…`): the SSH user name. Required over SSH, unless CODECOMMIT_URL contains it or AWS credentials are set: then it is looked up in IAM by the key's fingerprint.",
    placeholder: '<id>',
  }),
  AWS_DEFAULT_REGION: text({
    description: 'The region of the repository, if CODECOMMIT_URL is a bare name.',
    placeholder: '<region>',
  }),
  SSH_KEY: text({
    description:
      'The private key, base64 or PEM: RSA, at least 2048 bits, without a passphrase. Default: the SSH key of Pipelines.',
    secret: true,
  }),
  KNOWN_HOSTS: list(/\r?\n/, {
    description:
      'known_hosts lines to trust in addition to those of Pipelines and the fingerprints that AWS publishes. `<host> SHA256:<fingerprint>` is also accepted.',
    placeholder: '<line...>',
  }),
  AWS_OIDC_ROLE_ARN: text({
    description:
      'The IAM role to assume, instead of an SSH key or access key: `arn:aws:iam::<account>:role/<name>`. The step needs `oidc: true`.',
    placeholder: '<arn>',
  }),
  AWS_ACCESS_KEY_ID: text({
    description: 'An AWS access key, to mirror over HTTPS instead of with an SSH key.',
    placeholder: '<id>',
  }),
  AWS_SECRET_ACCESS_KEY: text({ description: 'The secret of AWS_ACCESS_KEY_ID.', secret: true }),
  AWS_SESSION_TOKEN: text({
    description: 'The session token of AWS_ACCESS_KEY_ID, if that is temporary (`ASIA…`).',
    secret: true,
  }),
  CODECOMMIT_ENDPOINT: text({
    description:
      "A `host[:port]` to use instead of the region's git host, such as a VPC endpoint. Over SSH, put its host key into KNOWN_HOSTS.",
    placeholder: '<host>',
  }),
  REFS: choice(['current', 'all'], {
    description: '`current` mirrors the branch or tag of this run, `all` every branch and tag.',
    placeholder: '<refs>',
  }),
  INCLUDE: list(/[\s,]+/, {
    description:
      'With REFS `all`: mirror only refs that match these patterns, such as `release/*` or `refs/tags/v*`. A YAML list, or separated by spaces or commas. As in bitbucket-pipelines.yml, `*` stops at a slash and `**` does not.',
    placeholder: '<pattern...>',
  }),
  EXCLUDE: list(/[\s,]+/, {
    description:
      'With REFS `all`: patterns of refs to skip. Refs that INCLUDE or EXCLUDE skips are never pruned.',
    placeholder: '<pattern...>',
  }),
  FORCE: toggle('Rewrites a branch or tag at the destination if it was rewritten at the source.'),
  PRUNE: toggle('With REFS `all`: deletes refs at the destination that the source no longer has.'),
  PRUNE_LIMIT: count(/^\d{1,9}$/, {
    description: 'If PRUNE would delete more refs than this, nothing is pushed at all.',
    form: 'a whole number, 0 or more',
    default: '10',
  }),
  BACKUP: toggle(
    'Before FORCE replaces or PRUNE deletes a ref, saves its tip as a branch under `mirror-backup/<time>/` at the destination.',
  ),
  LFS: choice(['warn', 'fail', 'push'], {
    description:
      'How to treat files in Git LFS, which a git push does not send: `warn` mirrors and reports what is missing, `fail` stops before the push, `push` sends the files first, if the destination accepts them.',
    placeholder: '<what>',
  }),
  PUSH_SIZE: count(/^[1-9]\d{0,5}$/, {
    description:
      'The most that one push may send, in mebibytes. A larger history is pushed in slices of at most 1,000 commits, so that a failure costs one slice.',
    form: 'a whole number of mebibytes from 1 to 999999',
    default: '1024',
  }),
  CHECK: toggle(
    'Checks instead of mirroring: reports whether a mirror with these variables would work and what differs, and changes nothing.',
    { pipeOnly: true },
  ),
  DRY_RUN: toggle('Prints the plan and pushes nothing.'),
  MAX_ATTEMPTS: count(/^[1-9]\d?$/, {
    description:
      'How many times to try when failures are transient (dropped connections, timeouts, throttling). Progress resets the count.',
    form: 'a whole number from 1 to 99',
    default: '5',
  }),
  TIMEOUT: count(/^[1-9]\d{0,3}$/, {
    description: 'Ends the run after this many minutes. Pipelines ends a step after 120.',
    form: 'a number of minutes from 1 to 9999',
    default: '110',
  }),
  CODE_INSIGHTS: toggle(
    'Puts a report on the commit, where pull requests and the page of the pipeline show it: passed or failed, and what became of the refs. It needs no token.',
    { pipeOnly: true },
  ),
  REPORT_FILE: text({ description: 'Writes a report to this file, as JSON.', placeholder: '<file>' }),
  SOURCE_URL: text({
    description:
      'The repository to mirror from. Default: the repository of this pipeline; outside a pipeline, the origin of the clone.',
    carriesPassword: true,
    placeholder: '<url>',
  }),
  SOURCE_PROXY: text({
    description:
      'The HTTP proxy for the source. Default: the proxy of Pipelines, `http://host.docker.internal:29418`; outside a pipeline, none.',
    carriesPassword: true,
    placeholder: '<url>',
  }),
  DEBUG: toggle('Logs debug information, still without secrets.'),
});

export type Variables = z.output<typeof schema>;

/**
 * The items of a variable that may be a list. Pipelines passes a YAML list X as X_COUNT, X_0, X_1, …: there, an item may
 * be an empty text. None for an invalid count; the limit keeps a wrong one from running forever.
 */
export function readItems(env: Environment, name: string): readonly string[] {
  const separator = variables.find((variable) => variable.name === name)?.separator ?? /$^/;
  const count = env[`${name}_COUNT`];
  if (!count) return (env[name] ?? '').split(separator).filter((item) => item !== '');
  const length = /^\d{1,4}$/.test(count) ? Number(count) : 0;
  return Array.from({ length }, (_, index) => env[`${name}_${index}`] ?? '');
}

/** A variable, as the documentation describes it. */
export interface Variable extends About {
  readonly name: string;
  /** In commander's form. Secrets and variables for pipes only have none. */
  readonly flag?: string;
  /** Its values are true and false, so the flag takes none. */
  readonly isSwitch: boolean;
}

export const variables: readonly Variable[] = Object.entries(schema.shape).map(([name, field]) => {
  const about = (registry.get(field) ?? { description: '' }) as About;
  const flag = `--${name.toLowerCase().replaceAll('_', '-')} ${about.placeholder ?? ''}`.trimEnd();
  const isSwitch = about.default === 'false';
  return { ...about, name, isSwitch, ...(about.secret || about.pipeOnly ? {} : { flag }) };
});
