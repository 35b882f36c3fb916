/** Where a secret stands. The configuration holds this, and never the secret. */
export type SecretReference =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | SecretsManagerReference
  | ParameterReference;

/** A secret of AWS Secrets Manager; `key` picks one value where the secret is a JSON object. */
export interface SecretsManagerReference {
  readonly kind: 'secrets-manager';
  readonly arn: string;
  readonly region: string;
  readonly key: string | undefined;
}

/** A parameter of AWS Systems Manager, by its name or by its ARN; without a region, that of the environment counts. */
export interface ParameterReference {
  readonly kind: 'parameter';
  readonly name: string;
  readonly region: string | undefined;
}

/** The forms, as a fault shows them. */
export const secretForms =
  'a reference: $NAME (an environment variable), file:/path, arn:aws:secretsmanager:… or ssm:/…';

/**
 * Parses `$NAME` or `${NAME}`, `file:/absolute/path`, `arn:aws:secretsmanager:<region>:<account>:secret:<name>`, with
 * `:<key>::` behind it as ECS writes the key of a JSON secret, `ssm:/<name>`, and `arn:aws:ssm:…:parameter/<name>`.
 * Undefined for everything else, which may be the secret itself and must not be quoted.
 */
export function parseSecretReference(text: string): SecretReference | undefined {
  if (/[\p{Cc}\p{Zs}]/u.test(text)) return undefined;
  return parseVariable(text) ?? parseFile(text) ?? parseSecretsManager(text) ?? parseParameter(text);
}

function parseVariable(text: string): SecretReference | undefined {
  const [, bare, braced] = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})$/.exec(text) ?? [];
  const name = bare ?? braced;
  return name === undefined ? undefined : { kind: 'variable', name };
}

/** Only absolute paths: a path that depends on the working folder of a service is a trap. */
function parseFile(text: string): SecretReference | undefined {
  const [, path] = /^file:(?:\/\/)?(\/[^/].*)$/.exec(text) ?? [];
  return path === undefined ? undefined : { kind: 'file', path };
}

const secretArn =
  /^(arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[A-Za-z0-9/_+=.@-]+)(?::([^:]*):(?:[^:]*):(?:[^:]*))?$/;

function parseSecretsManager(text: string): SecretReference | undefined {
  const [, arn, region, key] = secretArn.exec(text) ?? [];
  if (arn === undefined || region === undefined) return undefined;
  return { kind: 'secrets-manager', arn, region, key: key || undefined };
}

function parseParameter(text: string): SecretReference | undefined {
  const [, name] = /^ssm:(\/[\w./-]+)$/.exec(text) ?? [];
  if (name !== undefined) return { kind: 'parameter', name, region: undefined };
  const [arn, region] = /^arn:aws[a-z-]*:ssm:([a-z0-9-]+):\d{12}:parameter\/[\w./-]+$/.exec(text) ?? [];
  return arn === undefined ? undefined : { kind: 'parameter', name: arn, region };
}

/** The reference as it stands in the file: it says where a secret is, and may be shown. */
export function toReferenceText(reference: SecretReference): string {
  switch (reference.kind) {
    case 'variable':
      return `$${reference.name}`;
    case 'file':
      return `file:${reference.path}`;
    case 'secrets-manager':
      return reference.key === undefined ? reference.arn : `${reference.arn}:${reference.key}::`;
    case 'parameter':
      return reference.region === undefined ? `ssm:${reference.name}` : reference.name;
  }
}
