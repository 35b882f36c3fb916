import { MirrorError } from '../../errors';
import { type SecretReference, toReferenceText } from './reference';

export const secretUnavailable = (reference: SecretReference, because: string, cause?: unknown) =>
  new MirrorError(
    'fleet-secret-unavailable',
    {
      message: `The secret ${toReferenceText(reference)} can't be used: ${because}.`,
      remedy: secretRemedy(reference),
    },
    { cause },
  );

function secretRemedy(reference: SecretReference): string {
  switch (reference.kind) {
    case 'variable':
      return `Set the environment variable ${reference.name} where this program is started.`;
    case 'file':
      return 'Write the token into that file, as its only line, readable by this user.';
    case 'secrets-manager':
      return 'Check the ARN, and that the role of this program may call secretsmanager:GetSecretValue on it.';
    case 'parameter':
      return 'Check the name and AWS_REGION, and that the role of this program may call ssm:GetParameter on it.';
  }
}
