import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { type ErrorCode, MirrorError, PermissionMissing, runAgain, toQuote } from '../errors';
import { findNetworkCode, isCertificateCode } from '../http/networkCode';

interface Meaning {
  readonly code: ErrorCode;
  readonly what: string;
  readonly remedy: string;
}

/** The meaning of AWS's error names, without the suffix `Exception`. */
const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [
    /^(CredentialsProviderError|TokenProviderError|(Expired|Invalid)(Token|ClientTokenId)|RequestExpired|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignature|AuthFailure|MissingAuthenticationToken)$/,
    {
      code: 'setup-aws-credentials',
      what: 'There are no valid AWS credentials',
      remedy:
        'Log in (aws sso login, or aws configure), name a profile that ~/.aws/config or ~/.aws/credentials has, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. With a wrong clock, valid credentials fail too.',
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
    { code: 'setup-changed', what: 'Something was deleted in the meantime', remedy: runAgain },
  ],
  [
    /^(EntityAlreadyExists|RepositoryNameExists|ConcurrentModification)$/,
    {
      code: 'setup-changed',
      what: 'Somebody else created or changed the same thing',
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
export const untrusted: Meaning = {
  code: 'setup-aws-unreachable',
  what: 'The certificate of the AWS endpoint is not trusted',
  remedy:
    'Behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority.',
};

/** `call` is the required permission, such as `iam:GetUser`; `error` is the SDK's. */
export function awsFailed(call: string, error: Error): MirrorError {
  const name = error.name.replace(/Exception$/, '');
  if (/^(AccessDenied|UnauthorizedOperation|NotAuthorized)$/.test(name)) {
    // A call may need several: creating a tagged user also needs iam:TagUser.
    const [, named] = /not authorized to perform: ([\w-]+:\w+)/.exec(error.message) ?? [];
    return new PermissionMissing('AWS', named ?? call, error.message);
  }
  // The SDK's error type; all of its fields are optional.
  const classified = error as Parameters<typeof isTransientError>[0];
  const network = findNetworkCode(error);
  const { code, what, remedy } = meanings.find(([names]) => names.test(name))?.[1] ??
    (isThrottlingError(classified) ? throttled : undefined) ??
    (isCertificateCode(network) ? untrusted : undefined) ??
    (isTransientError(classified) || network !== undefined ? unreachable : undefined) ?? {
      code: 'setup-aws-failed',
      what: 'AWS rejected the call',
      remedy: `codecommit-mirror does not know this error. ${runAgain}`,
    };
  const message = `${what} (${call}, ${network ?? name}): ${toQuote(error.message)}`;
  return new MirrorError(code, { message, remedy }, { cause: error });
}
