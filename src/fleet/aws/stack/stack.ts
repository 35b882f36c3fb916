import { createRequestHandler } from '../../../aws/http';
import { MirrorError } from '../../../errors';
import { callAws, isAwsError } from '../resources/errors';

type Environment = Readonly<Record<string, string | undefined>>;

/** A stack of deploy/template.yaml, as it was deployed. */
export interface Stack {
  readonly region: string;
  /** Its outputs, by their names. */
  readonly outputs: ReadonlyMap<string, string>;
  /** The environment of its function that mirrors: it says where everything is, and holds no secret. */
  readonly env: Environment;
}

/** Reads what a stack is made of, with the AWS credentials of this machine. Throws MirrorError. */
export async function readStack(name: string, env: Environment): Promise<Stack> {
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  if (!region) throw regionMissing(name);
  const outputs = await readOutputs(name, region);
  const functionName = outputs.get('MirrorFunction');
  if (functionName === undefined) throw notOurs(name);
  const variables = await readVariables(functionName, region);
  // Builds are started with the image of this function.
  const own = { AWS_REGION: region, AWS_LAMBDA_FUNCTION_NAME: functionName };
  return { region, outputs, env: { ...variables, ...own } };
}

async function readOutputs(name: string, region: string): Promise<ReadonlyMap<string, string>> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient({ region, requestHandler: createRequestHandler() });
  const command = new DescribeStacksCommand({ StackName: name });
  const { Stacks = [] } = await callAws(`cloudformation:DescribeStacks on ${name}`, async () => {
    try {
      return await client.send(command);
    } catch (error) {
      // What CloudFormation answers for a stack that is not there.
      if (isAwsError(error, 'ValidationError')) throw noStack(name, region);
      throw error;
    }
  });
  const outputs = Stacks[0]?.Outputs ?? [];
  return new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

async function readVariables(functionName: string, region: string): Promise<Environment> {
  const { GetFunctionConfigurationCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const client = new LambdaClient({ region, requestHandler: createRequestHandler() });
  const command = new GetFunctionConfigurationCommand({ FunctionName: functionName });
  const call = `lambda:GetFunctionConfiguration on ${functionName}`;
  const { Environment } = await callAws(call, () => client.send(command));
  return Environment?.Variables ?? {};
}

const regionMissing = (name: string) =>
  new MirrorError(
    'fleet-aws-settings',
    {
      message: `The region of the stack ${JSON.stringify(name)} is not known.`,
      remedy: 'Set AWS_REGION to the region that the stack was deployed in, such as eu-west-1.',
    },
    { exitCode: 2 },
  );

const noStack = (name: string, region: string) =>
  new MirrorError(
    'fleet-aws-settings',
    {
      message: `There is no stack ${JSON.stringify(name)} in ${region}, in the account of these AWS credentials.`,
      remedy: 'Check the name (aws cloudformation list-stacks), AWS_REGION and AWS_PROFILE.',
    },
    { exitCode: 2 },
  );

const notOurs = (name: string) =>
  new MirrorError(
    'fleet-aws-settings',
    {
      message: `The stack ${JSON.stringify(name)} has no output MirrorFunction: it is none of codecommit-mirror, or is not deployed yet.`,
      remedy: 'Give the name of a stack that was deployed with deploy/template.yaml.',
    },
    { exitCode: 2 },
  );
