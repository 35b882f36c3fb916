import { type ErrorCode, MirrorError, toQuote } from '../errors';
import { isStopSignal, toSignalExitCode } from '../system/signals';

/** AWS or Bitbucket does not let us look at something, or change it. */
export class PermissionMissing extends MirrorError {
  /** As its service names it: `iam:GetUser`, `repository:admin`. */
  readonly permission: string;

  constructor(service: 'AWS' | 'Bitbucket', permission: string, said: string) {
    super('setup-not-permitted', {
      message: `${service} refused it, the permission ${permission} is missing: ${toQuote(said) || 'it said nothing more'}`,
      remedy: allowAndRunAgain,
    });
    this.permission = permission;
  }
}

const allowAndRunAgain =
  'Let somebody with the right to do so allow it, and run setup again: what is there already stays as it is.';
const runAgain = 'Run setup again: what is there already stays as it is.';

export const notPermitted = (permissions: readonly string[]) =>
  new MirrorError('setup-not-permitted', {
    message: `Some things can't be looked at. These permissions are missing: ${permissions.join(', ')}. Nothing was changed.`,
    remedy: `${allowAndRunAgain} Without any token of Bitbucket, setup prints what is to be done there.`,
  });

export const noTerminal = () =>
  new MirrorError(
    'setup-no-terminal',
    {
      message: 'There is no terminal to ask on, and --yes was not given. Nothing was changed.',
      remedy: 'Read the plan above; then run again with --yes to carry it out.',
    },
    { exitCode: 2 },
  );

export const declined = () =>
  new MirrorError('setup-declined', {
    message: 'You did not say yes. Nothing was changed.',
    remedy: 'Run setup again when the plan is as you want it. --dry-run only shows it.',
  });

export const setupStopped = (reason: unknown) =>
  new MirrorError(
    'stopped',
    {
      message: `Stopped by ${isStopSignal(reason) ? reason : 'SIGINT'}. The steps that are marked ✔ are done.`,
      remedy: 'Run setup again: it goes on where it stopped.',
    },
    { exitCode: toSignalExitCode(isStopSignal(reason) ? reason : 'SIGINT') },
  );

/** What the names of AWS's errors, without the ending `Exception`, mean to the user of setup. */
const awsErrors: readonly (readonly [RegExp, ErrorCode, string, string])[] = [
  [
    /^(CredentialsProviderError|(Expired|Invalid)(Token|ClientTokenId)|RequestExpired|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignature|AuthFailure|MissingAuthenticationToken|TokenProviderError)$/,
    'setup-aws-credentials',
    'There are no AWS credentials that are valid',
    'Log in (aws sso login, or aws configure), name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. A clock that is wrong makes good credentials fail too.',
  ],
  [
    /^(Throttling|ThrottledException|Throttled|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown)$/,
    'setup-aws-throttled',
    'AWS answers too many requests, also after several tries',
    `Wait a minute. ${runAgain}`,
  ],
  [
    /^(TimeoutError|ECONN\w+|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EPIPE|NetworkingError)$/,
    'setup-aws-unreachable',
    "AWS can't be reached",
    'Check the network, the region in --codecommit, and AWS_ENDPOINT_URL if it is set.',
  ],
  [
    /^InvalidPublicKey$/,
    'setup-key-refused',
    'IAM says that the public key is malformed or otherwise invalid',
    'Give an RSA key of 2048 to 16384 bits, or let setup make one with --replace-key.',
  ],
  [
    /^UnrecognizedPublicKeyEncoding$/,
    'setup-key-refused',
    'IAM does not know the encoding of the public key',
    'The key must be RSA, as one line of OpenSSH. Let setup make one with --replace-key.',
  ],
  [
    /^DuplicateSSHPublicKey$/,
    'setup-key-refused',
    'IAM has this public key already, but does not list it for the user',
    'Name the user that has the key with --user, or let setup make another key with --replace-key.',
  ],
  [
    /LimitExceeded$/,
    'setup-limit',
    'A quota of the AWS account is used up',
    'Remove what is not needed any more, or have the quota raised (Service Quotas), and run setup again.',
  ],
  [
    /^(NoSuchEntity|RepositoryDoesNotExist)$/,
    'setup-changed',
    'Something that was there a moment ago is gone',
    runAgain,
  ],
  [
    /^(EntityAlreadyExists|RepositoryNameExists|ConcurrentModification)$/,
    'setup-changed',
    'Somebody made or changed the same thing at the same time',
    runAgain,
  ],
  [
    /^DeleteConflict$/,
    'setup-changed',
    'It is still in use, or somebody put something else there',
    'Look at it in the console of IAM: what setup did not make is not removed by it.',
  ],
];

/** `call` is the permission that it needs, such as `iam:GetUser`; `name` the error's, as the SDK gives it. */
export function awsFailed(call: string, name: string, said: string): MirrorError {
  const bare = name.replace(/Exception$/, '');
  if (/^(AccessDenied|UnauthorizedOperation|NotAuthorized|OptInRequired)$/.test(bare))
    return new PermissionMissing('AWS', call, said);
  const [, code, what, remedy] = awsErrors.find(([names]) => names.test(bare)) ?? [
    undefined,
    'setup-aws-failed' as const,
    'AWS refused the call',
    `This is not a failure that we know. ${runAgain}`,
  ];
  return new MirrorError(code, { message: `${what} (${call}, ${bare}): ${toQuote(said)}`, remedy });
}

export interface ListedKey {
  readonly id: string;
  readonly active: boolean;
  /** ISO 8601. */
  readonly uploaded: string;
}

/** IAM allows five keys a user (IAM and STS quotas). */
export const keysFull = (user: string, keys: readonly ListedKey[]) => {
  const shown = keys.map(
    ({ id, active, uploaded }) => `${id} (${active ? 'active' : 'inactive'}, of ${uploaded.slice(0, 10)})`,
  );
  const inactive = keys.filter(({ active }) => !active).map(({ id }) => id);
  const [oldest] = [...keys].sort((a, b) => a.uploaded.localeCompare(b.uploaded));
  const advice =
    inactive.length > 0
      ? `Inactive, so not in use: ${inactive.join(', ')}.`
      : `None is inactive; the oldest is ${oldest?.id}.`;
  return new MirrorError('setup-keys-full', {
    message: `The IAM user ${user} has ${keys.length} SSH keys, as many as IAM allows: ${shown.join(', ')}. Nothing was changed.`,
    remedy: `${advice} Delete one that nobody needs (aws iam delete-ssh-public-key --user-name ${user} --ssh-public-key-id <id>), or name another user with --user.`,
  });
};

export const keyUnfit = (what: string) =>
  new MirrorError('setup-key-unfit', {
    message: `The SSH key of Pipelines is ${what}; CodeCommit takes RSA keys of at least 2048 bits. Nothing was changed.`,
    remedy:
      'Is the key in use elsewhere? Then leave it, and set the mirror up by hand with a key of its own in SSH_KEY. If not, run again with --replace-key.',
  });

export const keyFileRefused = (file: string, why: string) =>
  new MirrorError('setup-key-file', {
    message: `The key file "${file}" can't be used: ${why}. It was left as it is.`,
    remedy: 'Move the file away, or name another one with --key-file.',
  });

export const bitbucketUnauthorised = (said: string) =>
  new MirrorError('setup-bitbucket-unauthorised', {
    message: `Bitbucket does not accept the token: ${toQuote(said) || '401'}`,
    remedy:
      "BITBUCKET_TOKEN is a repository access token; for an API token give BITBUCKET_API_TOKEN and BITBUCKET_EMAIL, the Atlassian account's address. App passwords are no longer accepted.",
  });

export const bitbucketNotFound = (name: string) =>
  new MirrorError('setup-bitbucket-not-found', {
    message: `Bitbucket has no repository ${name} that this token may see.`,
    remedy: 'Check --bitbucket <workspace>/<repository> against the address in the browser, and the token.',
  });

export const bitbucketThrottled = (seconds: number) =>
  new MirrorError('setup-bitbucket-throttled', {
    message: `Bitbucket answers too many requests, also after several tries; it asks to wait ${seconds} s.`,
    remedy: `Wait that long. ${runAgain}`,
  });

export const bitbucketUnreachable = (url: string, cause: string) =>
  new MirrorError('setup-bitbucket-unreachable', {
    message: `${url} can't be reached: ${toQuote(cause)}`,
    remedy: 'Check the network, and --bitbucket-api if it was given.',
  });

export const bitbucketFailed = (call: string, said: string) =>
  new MirrorError('setup-bitbucket-failed', {
    message: `Bitbucket's answer to ${call} is not one that we know: ${toQuote(said)}`,
    remedy: `Look at the status of Bitbucket. ${runAgain}`,
  });

export const bitbucketConflict = (call: string) =>
  new MirrorError('setup-changed', {
    message: `Bitbucket answers ${call} with a conflict: somebody changed the same thing at the same time.`,
    remedy: runAgain,
  });

export const pipelinesFileUnfit = (file: string, why: string) =>
  new MirrorError('setup-pipelines-file', {
    message: `${file} can't be changed: ${why}. It was left as it is.`,
    remedy: 'Correct the file; or run without --write, and add the step that is printed by hand.',
  });

export const unproven = (failure: MirrorError, seconds: number) =>
  new MirrorError(
    'setup-unproven',
    {
      message: `Everything is set up, but a connection with it has failed for ${seconds} s: ${failure.message}`,
      remedy: `IAM may take longer today: run setup again. ${failure.remedy}`,
    },
    { cause: failure },
  );

export const tokenNeeded = () =>
  new MirrorError(
    'setup-invalid',
    {
      message: '--oidc needs a token of Bitbucket: the trust is bound to ids that only Bitbucket knows.',
      remedy: 'Set BITBUCKET_TOKEN, or BITBUCKET_EMAIL and BITBUCKET_API_TOKEN.',
    },
    { exitCode: 2 },
  );
