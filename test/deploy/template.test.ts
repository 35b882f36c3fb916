import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../src/fleet/aws/catalogue/settings';
import { run } from '../servers/git';
import { motoAvailable, openMoto } from '../servers/moto';

const file = resolve('deploy/template.yaml');
const isRequired = process.env['CODECOMMIT_MIRROR_PROGRAMS'] === 'required';
const hasLinter = isRequired || spawnSync('cfn-lint', ['--version']).status === 0;

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** The template as CloudFormation gets it, translated by AWS's own translator of SAM. */
async function translate(): Promise<Template> {
  const ended = await run('python3', '/', [join(import.meta.dirname, 'translate.py'), file]);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout);
}

/** Everything below a node, itself included. */
function* walk(node: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (Array.isArray(node)) for (const item of node) yield* walk(item);
  else if (typeof node === 'object' && node !== null) {
    yield node as Readonly<Record<string, unknown>>;
    for (const value of Object.values(node)) yield* walk(value);
  }
}

describe.runIf(hasLinter)('deploy/template.yaml', { tags: ['slow'] }, () => {
  test('cfn-lint finds nothing', async () => {
    const ended = await run('cfn-lint', '/', ['--include-checks', 'I', '--', file]);
    expect(ended.stdout).toBe('');
    expect(ended.exitCode).toBe(0);
  });

  test('names nothing itself, so that one account can have several stacks', async () => {
    const { Resources } = await translate();
    const names =
      /^(QueueName|TableName|FunctionName|RoleName|ManagedPolicyName|LogGroupName|AlarmName|DashboardName|Name)$/;
    const named = Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
      Object.entries(Properties ?? {}).flatMap(([key, value]) =>
        names.test(key) && typeof value === 'string' ? [`${Type} ${id}: ${key}`] : [],
      ),
    );
    expect(named).toEqual([]);
  });

  test('allows on all resources only what knows none', async () => {
    const { Resources } = await translate();
    const statements = [...walk(Resources)].filter(
      ({ Effect, Resource }) => Effect === 'Allow' && JSON.stringify(Resource) === '"*"',
    );
    const actions = statements.flatMap(({ Action }) => Action);
    expect([...new Set(actions)].sort()).toEqual([
      'codecommit:ListRepositories',
      'ecr:GetAuthorizationToken',
      'servicequotas:GetAWSDefaultServiceQuota',
      'servicequotas:GetServiceQuota',
    ]);
    const wide = [...walk(Resources)].filter(({ Action }) => /:\*"/.test(JSON.stringify(Action ?? '')));
    expect(wide.map(({ Effect }) => Effect)).toEqual(['Deny', 'Deny']);
  });

  test('gives the functions settings that they take, and every text parameter a form', async () => {
    const { Parameters, Resources } = await translate();
    for (const [name, { Type, AllowedPattern, AllowedValues }] of Object.entries(Parameters))
      if (Type === 'String') expect([name, AllowedPattern ?? AllowedValues]).not.toEqual([name, undefined]);
    const [variables = {}] = [...walk(Resources['MirrorFunction'])].flatMap(({ Variables }) =>
      typeof Variables === 'object' && Variables !== null ? [Variables] : [],
    );
    const source = readFileSync(resolve('src/fleet/aws/catalogue/settings.ts'), 'utf8');
    for (const name of Object.keys(variables)) expect(source).toContain(`'${name}'`);
    const given = {
      AWS_REGION: 'us-east-1',
      QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo',
      TABLE_NAME: 'states',
      SOURCE_REPOSITORIES: '*',
      DESTINATION_URL: 'https://github.com/acme/{name}.git',
      DESTINATION_SECRET: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:mirror-AbCdEf',
    };
    expect(parseSettings(given)).toMatchObject({
      mirrors: { kind: 'parameters', mirror: { repositories: ['*'], destinationRegion: undefined } },
    });
    const MIRRORS = 'arn:aws:s3:::acme-configuration/mirrors.yaml';
    expect(parseSettings({ ...given, DESTINATION_URL: '', DESTINATION_SECRET: '', MIRRORS })).toMatchObject({
      mirrors: { kind: 'file', place: { bucket: 'acme-configuration', key: 'mirrors.yaml' } },
    });
  });

  test('whoever answers webhooks may read no token of a host, and the intake none at all', async () => {
    const { Resources } = await translate();
    const actionsOf = (role: string) =>
      [...walk(Resources[role])].flatMap(({ Effect, Action }) => (Effect === 'Allow' ? [Action].flat() : []));
    expect(actionsOf('IntakeRole').sort()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
      'sts:AssumeRole',
    ]);
    expect(actionsOf('HookRole').sort()).toEqual([
      'dynamodb:GetItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
      'sts:AssumeRole',
    ]);
    const secrets = [...walk(Resources['HookRole'])].filter(
      ({ Action }) => Action === 'secretsmanager:GetSecretValue',
    );
    expect(secrets.map(({ Resource }) => Resource)).toEqual([{ Ref: 'HookSecret' }]);
  });
});

describe.runIf(motoAvailable() && hasLinter)('the stack, in moto', { tags: ['slow'] }, () => {
  test.each([
    ['with four parameters', {}, []],
    // moto gives CodeBuild's projects no ARN, so that LargeRepositories is left to cfn-lint.
    [
      'with alarms and a role of another account',
      {
        AlarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:alarms',
        DestinationRoleArn: 'arn:aws:iam::210987654321:role/mirror',
      },
      ['HasAlarmTopic', 'HasDestinationRole', 'HasAnyRole'],
    ],
    [
      'with a mirrors.yaml, the secrets that it names, and webhooks',
      {
        MirrorsObjectArn: 'arn:aws:s3:::acme-configuration/mirrors.yaml',
        SecretArns:
          'arn:aws:secretsmanager:us-east-1:123456789012:secret:github-AbCdEf,arn:aws:ssm:us-east-1:123456789012:parameter/gitlab',
        Webhooks: 'true',
      },
      ['HasMirrorsFile', 'HasMirrorsObject', 'HasSecretArns', 'HasWebhooks'],
    ],
  ])('is created %s', async (_case, more, holding) => {
    await using moto = await openMoto();
    const parameters = {
      SourceRepositories: 'app',
      DestinationUrl: 'https://github.com/acme/{name}.git',
      DestinationSecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:mirror-AbCdEf',
      Force: 'true',
      ...more,
    };
    const template = await translate();
    const created = await callCloudFormation(moto.url, {
      Action: 'CreateStack',
      StackName: 'mirror',
      TemplateBody: JSON.stringify(
        toMoto(template, new Set(['ReadsOwnCodeCommit', 'HasSecretArn', ...holding])),
      ),
      'Capabilities.member.1': 'CAPABILITY_IAM',
      ...toParameters(parameters),
    });
    expect(created).toContain('<StackId>');
    const described = await callCloudFormation(moto.url, { Action: 'DescribeStacks', StackName: 'mirror' });
    expect(described).toContain('<StackStatus>CREATE_COMPLETE</StackStatus>');
    for (const output of ['IntakeFunction', 'QueueUrl', 'DeadLetterQueueArn', 'StateTable'])
      expect(described).toContain(`<OutputKey>${output}</OutputKey>`);
    const ids = { Action: 'DescribeStackResources', StackName: 'mirror' };
    const made = await callCloudFormation(moto.url, ids);
    const isAsked = 'Webhooks' in parameters;
    for (const id of ['HookFunction', 'HookRole', 'MirrorsFilePolicy'])
      expect([id, made.includes(`<LogicalResourceId>${id}</LogicalResourceId>`)]).toEqual([id, isAsked]);
  });
});

/**
 * moto starts no containers: it wants code for its functions and never runs it. It makes no names for FIFO queues, and
 * leaves `AWS::NoValue` in a list as null: what has a condition that is false is taken out here.
 */
function toMoto(template: Template, holding: ReadonlySet<string>): unknown {
  const text = JSON.stringify(template, (key, value) => {
    if (key === 'PackageType') return undefined;
    return Array.isArray(value) ? value.filter((item) => !isLeftOut(item, holding)) : value;
  });
  const copy = JSON.parse(text) as {
    Outputs: Record<string, unknown>;
    Resources: Record<string, { Properties: Record<string, unknown> }>;
  };
  // It has neither URLs of functions nor secrets.
  for (const name of ['HooksUrl', 'HookSecretArn']) delete copy.Outputs[name];
  for (const [id, { Properties }] of Object.entries(copy.Resources))
    if (Properties?.['FifoQueue'] === true) Properties['QueueName'] = `${id}.fifo`;
  return copy;
}

function isLeftOut(item: unknown, holding: ReadonlySet<string>): boolean {
  const [, condition = ''] =
    /^\{"Fn::If":\["(\w+)",.*,\{"Ref":"AWS::NoValue"\}\]\}$/.exec(JSON.stringify(item)) ?? [];
  return condition !== '' && !holding.has(condition);
}

function toParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([key, value], index) => [
      [`Parameters.member.${index + 1}.ParameterKey`, key],
      [`Parameters.member.${index + 1}.ParameterValue`, value],
    ]),
  );
}

/** In the query protocol of CloudFormation, version 2010-05-15. */
async function callCloudFormation(url: string, form: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      Authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({ Version: '2010-05-15', ...form }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${form['Action']}: ${answer.status} ${text}`);
  return text;
}
