import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { type ErrorCode, MirrorError, toQuote } from '../errors';

/** AWS or Bitbucket does not let us read something, or change it. */
export class PermissionMissing extends MirrorError {
  /** As its service names it: `iam:GetUser`, `repository:admin`. */
  readonly permission: string;

  constructor(service: 'AWS' | 'Bitbucket', permission: string, said: string) {
    super('setup-not-permitted', {
      message: `${service} denied the request. Missing permission: ${permission}. It said: ${toQuote(said) || 'nothing'}`,
      remedy: allowAndRunAgain,
    });
    this.permission = permission;
  }
}

const allowAndRunAgain =
  'Ask an administrator for the permission and run the command again: what is already there stays as it is.';
const runAgain = 'Run the command again: what is already there stays as it is.';

export const notPermitted = (permissions: readonly string[]) =>
  new MirrorError('setup-not-permitted', {
    message: `Some things can't be read. These permissions are missing: ${permissions.join(', ')}. Nothing was changed.`,
    remedy: `${allowAndRunAgain} Without a Bitbucket token, setup prints what to do on Bitbucket.`,
  });

export const noTerminal = () =>
  new MirrorError(
    'setup-no-terminal',
    {
      message: 'There is no terminal to ask on, and --yes is not set. Nothing was changed.',
      remedy: 'Read the plan above; then run again with --yes to carry it out.',
    },
    { exitCode: 2 },
  );

export const declined = () =>
  new MirrorError('setup-declined', {
    message: 'Cancelled. Nothing was changed.',
    remedy: 'Run setup again when the plan is as you want it. --dry-run only shows it.',
  });

/** Exit codes are 128 and the number of the signal. */
const signals: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

export const setupStopped = (reason: unknown) => {
  const name = String(reason) in signals ? String(reason) : 'SIGINT';
  return new MirrorError(
    'stopped',
    {
      message: `Stopped by ${name}. Steps marked ✔ are done; nothing else was changed.`,
      remedy: 'Run setup again: it continues where it stopped.',
    },
    { exitCode: signals[name] ?? 130 },
  );
};

interface Meaning {
  readonly code: ErrorCode;
  readonly what: string;
  readonly remedy: string;
}

/** What the names of AWS's errors, without the ending `Exception`, mean to the user. */
const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [
    /^(CredentialsProviderError|TokenProviderError|(Expired|Invalid)(Token|ClientTokenId)|RequestExpired|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignature|AuthFailure|MissingAuthenticationToken)$/,
    {
      code: 'setup-aws-credentials',
      what: 'There are no valid AWS credentials',
      remedy:
        'Log in (aws sso login, or aws configure), name a profile that ~/.aws/config or ~/.aws/credentials has, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. A wrong clock makes valid credentials fail too.',
    },
  ],
  [
    /^(OptInRequired)$/,
    {
      code: 'setup-aws-failed',
      what: 'The AWS account is not signed up for this service, or not active yet',
      remedy: 'Open the AWS console once, finish the sign-up, and run the command again.',
    },
  ],
  [
    /^(InvalidPublicKey|UnrecognizedPublicKeyEncoding|DuplicateSSHPublicKey)$/,
    {
      code: 'setup-key-refused',
      what: 'IAM rejected the public key',
      remedy: 'Make a new key with --replace-key.',
    },
  ],
  [
    /LimitExceeded$/,
    {
      code: 'setup-limit',
      what: 'A quota of the AWS account is used up',
      remedy:
        'Delete what you no longer need, or raise the quota (Service Quotas), and run the command again.',
    },
  ],
  [
    /^(NoSuchEntity|RepositoryDoesNotExist)$/,
    { code: 'setup-changed', what: 'Something that was there a moment ago is gone', remedy: runAgain },
  ],
  [
    /^(EntityAlreadyExists|RepositoryNameExists|ConcurrentModification)$/,
    {
      code: 'setup-changed',
      what: 'Somebody created or changed the same thing at the same time',
      remedy: runAgain,
    },
  ],
  [
    /^DeleteConflict$/,
    {
      code: 'setup-changed',
      what: 'Something that setup did not create is attached to it',
      remedy: 'Look at it in the IAM console: setup does not remove what it did not create.',
    },
  ],
];

const throttled: Meaning = {
  code: 'setup-aws-throttled',
  what: 'AWS still throttles the requests after several retries',
  remedy: `Wait a minute. ${runAgain}`,
};
const unreachable: Meaning = {
  code: 'setup-aws-unreachable',
  what: "AWS can't be reached",
  remedy: 'Check the network, the region in --codecommit, and AWS_ENDPOINT_URL if it is set.',
};
const untrusted: Meaning = {
  code: 'setup-aws-unreachable',
  what: 'The certificate of the AWS endpoint is not trusted',
  remedy:
    'Behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority.',
};

/** `call` is the permission that it needs, such as `iam:GetUser`; `error` is the SDK's. */
export function awsFailed(call: string, error: Error): MirrorError {
  const name = error.name.replace(/Exception$/, '');
  if (/^(AccessDenied|UnauthorizedOperation|NotAuthorized)$/.test(name)) {
    // One call may need several: creating a tagged user needs iam:TagUser too.
    const [, named] = /not authorized to perform: ([\w-]+:\w+)/.exec(error.message) ?? [];
    return new PermissionMissing('AWS', named ?? call, error.message);
  }
  // The SDK's own type of an error: it has these fields or does not.
  const classified = error as Parameters<typeof isTransientError>[0];
  const network = findNetworkCode(error);
  const { code, what, remedy } = meanings.find(([names]) => names.test(name))?.[1] ??
    (isThrottlingError(classified) ? throttled : undefined) ??
    (isCertificateCode(network) ? untrusted : undefined) ??
    (isTransientError(classified) || network !== undefined ? unreachable : undefined) ?? {
      code: 'setup-aws-failed',
      what: 'AWS rejected the call',
      remedy: `This error is not one that codecommit-mirror knows. ${runAgain}`,
    };
  return new MirrorError(code, {
    message: `${what} (${call}, ${network ?? name}): ${toQuote(error.message)}`,
    remedy,
  });
}

/** Node's code of an error of the network or of TLS, also of one that lies behind. */
export function findNetworkCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code !== undefined && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : findNetworkCode(error.cause);
}

/** OpenSSL's reasons and Node's own. */
export function isCertificateCode(code: string | undefined): boolean {
  return code !== undefined && /CERT|^UNABLE_TO_|^ERR_TLS/.test(code);
}

export interface ListedKey {
  readonly id: string;
  readonly active: boolean;
  /** ISO 8601. */
  readonly uploaded: string;
}

/** IAM allows five keys for each user (IAM and STS quotas). */
export const keysFull = (user: string, keys: readonly ListedKey[]) => {
  const shown = keys.map(
    ({ id, active, uploaded }) => `${id} (${active ? 'active' : 'inactive'}, ${uploaded.slice(0, 10)})`,
  );
  const inactive = keys.filter(({ active }) => !active).map(({ id }) => id);
  const [oldest] = [...keys].sort((a, b) => a.uploaded.localeCompare(b.uploaded));
  const advice =
    inactive.length > 0
      ? `Inactive, so not in use: ${inactive.join(', ')}.`
      : `None is inactive; the oldest is ${oldest?.id}.`;
  return new MirrorError('setup-keys-full', {
    message: `The IAM user ${user} has ${keys.length} SSH keys, as many as IAM allows: ${shown.join(', ')}. Nothing was changed.`,
    remedy: `${advice} Delete one that nobody needs (aws iam delete-ssh-public-key --user-name ${user} --ssh-public-key-id <id>), or leave --user out.`,
  });
};

/** `owner`: the value of our tag, of another mirror; undefined where it has none. */
export const foreign = (what: string, owner: string | undefined) =>
  owner === undefined
    ? new MirrorError('setup-foreign', {
        message: `The ${what} exists, and setup did not create it. Nothing was changed.`,
        remedy:
          'Leave --user out, and setup creates one. With --adopt it adds a policy, and a key or trust, to this one; --remove then takes only these away.',
      })
    : new MirrorError('setup-foreign', {
        message: `The ${what} belongs to the mirror ${owner} (its tag codecommit-mirror says so). Nothing was changed.`,
        remedy:
          'Leave --user out, or name another one: each mirror has its own, so that a key may push to one repository only.',
      });

export const keyFileRefused = (file: string, why: string) =>
  new MirrorError('setup-key-file', {
    message: `The key file "${file}" can't be used: ${why}. The file was not changed.`,
    remedy: 'Move the file away, or name another one with --key-file.',
  });

export const bitbucketUnauthorised = (said: string) =>
  new MirrorError('setup-bitbucket-unauthorised', {
    message: `Bitbucket does not accept the token: ${toQuote(said) || '401'}`,
    remedy:
      "It may have expired. BITBUCKET_TOKEN holds a repository access token; an API token goes to BITBUCKET_API_TOKEN, with the Atlassian account's address in BITBUCKET_EMAIL. App passwords stopped working in July 2026.",
  });

export const bitbucketRefused = (said: string) =>
  new MirrorError('setup-not-permitted', {
    message: `Bitbucket refuses requests from this address (403): ${toQuote(said)}`,
    remedy: 'Run setup from an address that the workspace admits, or ask its administrator to add yours.',
  });

export const bitbucketGone = (said: string) =>
  new MirrorError('setup-bitbucket-failed', {
    message: `Bitbucket answers 410 (gone): ${toQuote(said)}`,
    remedy:
      'App passwords stopped working in July 2026: use an access token or an API token. With a token, update codecommit-mirror.',
  });

export const bitbucketNotFound = (name: string) =>
  new MirrorError('setup-bitbucket-not-found', {
    message: `Bitbucket has no repository ${name} that this token may see.`,
    remedy: 'Compare --bitbucket <workspace>/<repository> with the address in the browser; check the token.',
  });

export const bitbucketThrottled = (seconds: number) =>
  new MirrorError('setup-bitbucket-throttled', {
    message: `Bitbucket still throttles the requests after several retries; it asks to wait ${seconds} s.`,
    remedy: `Wait that long. ${runAgain}`,
  });

export const bitbucketUnreachable = (url: string, error: unknown) => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new MirrorError('setup-bitbucket-unreachable', {
    message: `${url} can't be reached: ${toQuote(said)}`,
    remedy: isCertificateCode(findNetworkCode(error))
      ? untrusted.remedy
      : 'Check the network, and --bitbucket-api if it is set.',
  });
};

export const bitbucketFailed = (call: string, said: string) =>
  new MirrorError('setup-bitbucket-failed', {
    message: `Bitbucket's answer to ${call} is not one that codecommit-mirror knows: ${toQuote(said)}`,
    remedy: `Look at the status of Bitbucket. ${runAgain}`,
  });

export const bitbucketConflict = (call: string) =>
  new MirrorError('setup-changed', {
    message: `Bitbucket answers ${call} with a conflict: somebody changed the same thing at the same time.`,
    remedy: runAgain,
  });

export const pipelinesFileUnfit = (file: string, why: string) =>
  new MirrorError('setup-pipelines-file', {
    message: `${file} can't be changed: ${why}. It was not changed.`,
    remedy: 'Correct that; or run without --write, and add the step that is printed by hand.',
  });

export const unproven = (failure: MirrorError, seconds: number) =>
  new MirrorError(
    'setup-unproven',
    {
      message: `A connection with the new key has failed for ${seconds} s: ${failure.message} Bitbucket was not given the key.`,
      remedy: `IAM may take longer today: run setup again. ${failure.remedy}`,
    },
    { cause: failure },
  );

export const tokenNeeded = () =>
  new MirrorError(
    'setup-invalid',
    {
      message: '--oidc needs a Bitbucket token: the trust policy names ids that only Bitbucket knows.',
      remedy: 'Set BITBUCKET_TOKEN, or BITBUCKET_EMAIL and BITBUCKET_API_TOKEN.',
    },
    { exitCode: 2 },
  );

/** `left`: what may still be there, one text for each. */
export const notRemoved = (left: readonly string[]) =>
  new MirrorError('setup-not-removed', {
    message: `Not everything is removed:\n${left.join('\n')}`,
    remedy: 'Do what the lines say, then run setup --remove again: it says when nothing is left.',
  });
