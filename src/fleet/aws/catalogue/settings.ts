import { collectFaults, invalid, quote, SettingsError } from '../../../faults';
import { isRegion } from '../../../remote/region';
import {
  type ParameterReference,
  parseSecretReference,
  type SecretsManagerReference,
} from '../../secrets/reference';
import type { Role } from '../resources/roles';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the template tells the functions. Nothing of it is a secret. */
export interface FleetSettings {
  readonly region: string;
  readonly stack: string;
  readonly queueUrl: string;
  readonly table: string;
  /** The project of CodeBuild for large repositories. */
  readonly buildProject: string | undefined;
  readonly functionName: string | undefined;
  /** The most bytes that a repository may have to be mirrored in a function. */
  readonly bytesAtMost: number;
  /** Bytes that one push may carry; more goes in slices. */
  readonly pushBytes: number;
  /** The ARN of the secret that webhooks are signed with; undefined where no host sends any. */
  readonly hookSecret: string | undefined;
  readonly mirrors: MirrorsPlace;
}

/** What is to be mirrored, or where that is written. */
export type MirrorsPlace =
  | { readonly kind: 'parameters'; readonly mirror: ParameterMirror }
  | { readonly kind: 'file'; readonly place: FilePlace; readonly name: string };

/** Where a mirrors.yaml is: an object of S3, or a parameter of AWS Systems Manager. */
export type FilePlace =
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string }
  | ParameterReference;

/** One mirror by parameters: repositories of CodeCommit in one region. */
export interface ParameterMirror {
  /** Their names, or `*` for all. */
  readonly repositories: readonly string[];
  readonly sourceRegion: string;
  readonly sourceRole: Role | undefined;
  /** With `{name}`, `https://…`. */
  readonly sourceUrl: string;
  /** With `{name}`: `https://…`, `ssh://…` or `codecommit::<region>://{name}`, the last one as the HTTPS URL it stands for. */
  readonly destinationUrl: string;
  /** Set for a destination on CodeCommit over HTTPS. */
  readonly destinationRegion: string | undefined;
  readonly destinationRole: Role | undefined;
  readonly secret: ParameterReference | SecretsManagerReference | undefined;
  /** The secret as it was named, for messages. */
  readonly secretName: string;
  readonly force: boolean;
  readonly prune: boolean;
  readonly pruneLimit: number;
}

/** Parses the environment of a function. Throws SettingsError with every fault. */
export function parseSettings(env: Environment): FleetSettings {
  const faults = collectFaults();
  const need = (name: string) => faults.attempt(() => readNeeded(env, name)) ?? '';
  const region = need('AWS_REGION');
  const settings = {
    region,
    stack: env['STACK_NAME'] || 'codecommit-mirror',
    queueUrl: need('QUEUE_URL'),
    table: need('TABLE_NAME'),
    buildProject: env['BUILD_PROJECT'] || undefined,
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'] || undefined,
    hookSecret: env['HOOK_SECRET'] || undefined,
    bytesAtMost: (faults.attempt(() => readCount(env, 'LARGE_MIB', 400)) ?? 0) * 2 ** 20,
    pushBytes: (faults.attempt(() => readCount(env, 'PUSH_MIB', 512)) ?? 0) * 2 ** 20,
  };
  const mirrors = faults.attempt(() => readMirrors(env, region));
  if (faults.faults.length > 0 || mirrors === undefined) throw new SettingsError(faults.faults);
  return { ...settings, mirrors };
}

function readMirrors(env: Environment, region: string): MirrorsPlace {
  const name = env['MIRRORS'];
  if (!name) return { kind: 'parameters', mirror: readParameters(env, region) };
  const [, bucket, key] = /^arn:aws[a-z-]*:s3:::([a-z0-9.-]+)\/(\S+)$/.exec(name) ?? [];
  if (bucket !== undefined && key !== undefined)
    return { kind: 'file', place: { kind: 'object', bucket, key }, name };
  const place = parseSecretReference(name);
  if (place?.kind === 'parameter') return { kind: 'file', place, name };
  throw fault('MIRRORS', name, 'arn:aws:s3:::<bucket>/<key> or ssm:/<name>');
}

function readParameters(env: Environment, region: string): ParameterMirror {
  const repositories = readNames(readNeeded(env, 'SOURCE_REPOSITORIES'));
  const sourceRegion = readRegion(env, 'SOURCE_REGION', region);
  const place = readDestination(readNeeded(env, 'DESTINATION_URL'), repositories);
  // An endpoint of a VPC does not name its region.
  const destinationRegion = env['DESTINATION_REGION']
    ? readRegion(env, 'DESTINATION_REGION', '')
    : place.destinationRegion;
  const externalId = env['EXTERNAL_ID'] || undefined;
  const toRole = (arn: string | undefined) => (arn ? { arn, externalId } : undefined);
  const secretName = env['DESTINATION_SECRET'] ?? '';
  const secret = secretName === '' ? undefined : readSecretReference('DESTINATION_SECRET', secretName);
  if (secret === undefined && destinationRegion === undefined)
    throw fault(
      'DESTINATION_SECRET',
      secretName,
      'the ARN of a secret, or ssm:/<name>: this host wants a login',
    );
  const mirror: ParameterMirror = {
    repositories,
    sourceRegion,
    sourceRole: toRole(env['SOURCE_ROLE']),
    sourceUrl: env['SOURCE_URL'] || toCodeCommitUrl(sourceRegion),
    destinationUrl: place.destinationUrl,
    destinationRegion,
    destinationRole: toRole(env['DESTINATION_ROLE']),
    secret,
    secretName,
    force: env['FORCE'] === 'true',
    prune: env['PRUNE'] === 'true',
    pruneLimit: readCount(env, 'PRUNE_LIMIT', 10),
  };
  const isItself =
    mirror.sourceUrl === mirror.destinationUrl && env['DESTINATION_ROLE'] === env['SOURCE_ROLE'];
  if (isItself)
    throw fault('DESTINATION_URL', mirror.destinationUrl, 'another repository than the source itself');
  return mirror;
}

/** CodeCommit's rule for names (API, RepositoryName). */
function readNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.length === 1 && names[0] === '*') return names;
  for (const name of names)
    if (!/^[\w.-]{1,100}$/.test(name) || name.endsWith('.git'))
      throw fault('SOURCE_REPOSITORIES', name, 'names of repositories with commas between them, or * alone');
  return names;
}

function readDestination(text: string, repositories: readonly string[]) {
  const [, region, rest = ''] = /^codecommit::([a-z0-9-]+):\/\/(.+)$/.exec(text) ?? [];
  if (region !== undefined && !isRegion(region))
    throw fault('DESTINATION_URL', text, 'a URL with a region of AWS');
  const url = region === undefined ? text : toCodeCommitUrl(region).replace('{name}', rest);
  const expected =
    'https://<host>/<path>/{name}.git, ssh://git@<host>/<path>/{name}.git or codecommit::<region>://{name}';
  if (!/^(https|ssh):\/\/[^\s]+$/.test(url) || !URL.canParse(url) || new URL(url).password !== '')
    throw fault('DESTINATION_URL', text, expected);
  const isOne = repositories.length === 1 && repositories[0] !== '*';
  if (!isOne && !url.includes('{name}'))
    throw fault('DESTINATION_URL', text, `${expected}, as there are several repositories`);
  const [, own] = /^https:\/\/git-codecommit(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(url) ?? [];
  return { destinationUrl: url, destinationRegion: region ?? own };
}

function toCodeCommitUrl(region: string): string {
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  return `https://git-codecommit.${region}.amazonaws.com${suffix}/v1/repos/{name}`;
}

function readSecretReference(name: string, value: string): ParameterReference | SecretsManagerReference {
  const reference = parseSecretReference(value);
  if (reference?.kind === 'parameter') return reference;
  // Its forms are those of `toLogin`: one value of it alone is none.
  if (reference?.kind === 'secrets-manager' && reference.key === undefined) return reference;
  // What stands there in place of a reference may be the secret itself: it is not quoted.
  const expected = 'arn:aws:secretsmanager:…, arn:aws:ssm:… or ssm:/<name>, never the secret itself';
  throw fault(name, undefined, expected);
}

function readRegion(env: Environment, name: string, usual: string): string {
  const region = env[name] || usual;
  if (!isRegion(region)) throw fault(name, region, 'a region of AWS, such as eu-west-1');
  return region;
}

function readCount(env: Environment, name: string, usual: number): number {
  const text = env[name] || String(usual);
  if (!/^\d{1,9}$/.test(text)) throw fault(name, text, 'a whole number');
  return Number(text);
}

function readNeeded(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw invalid(name, `${name} is missing in the environment.`, remedy, 'fleet-aws-settings');
}

const remedy = 'The template sets it from a parameter: correct the parameter, and deploy the stack again.';

function fault(name: string, value: string | undefined, expected: string) {
  const shown = value === undefined ? 'has another form (not shown)' : `is ${quote(value)}`;
  return invalid(name, `${name} ${shown}; it must be ${expected}.`, remedy, 'fleet-aws-settings');
}
