import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { openDynamoStore } from '../../../src/fleet/aws/resources/dynamoStore';
import type { RepositoryState } from '../../../src/fleet/state/repositoryState';
import { type CodeCommitServer, openCodeCommitServer } from '../../../src/sandbox/hosts/codeCommit';
import { type GithubServer, openGithubServer } from '../../../src/sandbox/hosts/github';
import { type GitlabServer, openGitlabServer } from '../../../src/sandbox/hosts/gitlab';
import { grow } from '../../servers/git';
import { type RunningFunction, startFunction } from '../../servers/lambda/function';
import { type AwsWorld, openAwsWorld, toClientOptions, withEnvironment } from './world';

/** A mirrors.yaml on AWS: an organisation of GitHub and a CodeCommit, both to groups of GitLab. */
export interface AwsFleet extends AsyncDisposable {
  readonly world: AwsWorld;
  readonly github: GithubServer;
  readonly gitlab: GitlabServer;
  readonly codecommit: CodeCommitServer;
  /** The environment of every function, with mirrors.yaml in S3. */
  readonly env: Readonly<Record<string, string>>;
  readonly intake: RunningFunction;
  readonly mirror: RunningFunction;
  /** The text of mirrors.yaml; `more` are lines of the mirror of GitHub, each with its indentation. */
  toText(more?: string): string;
  /** Puts a mirrors.yaml into S3. */
  put(text: string): Promise<void>;
  /** Stores a token in Secrets Manager. */
  putToken(token: string): Promise<void>;
  addToGithub(name: string): Promise<string>;
  addToCodeCommit(name: string): Promise<{ readonly id: string; readonly path: string }>;
  /** The folder of a mirror; undefined where there is none. */
  mirrorOf(group: string, name: string): Promise<string | undefined>;
  /** Invokes the intake, and lets all that follows happen. Gives the bodies of the messages. */
  take(event: unknown): Promise<readonly string[]>;
  states(mirror: string): Promise<readonly RepositoryState[]>;
}

export const [sourceToken, destinationToken] = ['token-of-the-source-01', 'token-of-the-destination-01'];

export async function openAwsFleet(): Promise<AwsFleet> {
  const world = await openAwsWorld();
  const roots = ['github', 'gitlab'].map((name) => join(world.disk, '..', name));
  for (const root of roots) await mkdir(root);
  const [githubRoot = '', gitlabRoot = ''] = roots;
  const github = await openGithubServer({ root: githubRoot });
  const gitlab = await openGitlabServer({ root: gitlabRoot });
  gitlab.groups.set('mirror', 9_000).set('aws', 9_001);
  github.tokens.set(sourceToken, { user: 'bot', scopes: ['repo', 'read:org', 'admin:org_hook'] });
  gitlab.tokens.set(destinationToken, {
    user: 'bot',
    scopes: ['api', 'read_api', 'read_repository', 'write_repository'],
  });
  const codecommit = await openCodeCommitServer({
    toCloneUrl: (name) => `https://${world.codecommit.host}/v1/repos/${name}`,
  });
  const client = toClientOptions(world.moto);
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'configuration' }));
  const put = async (text: string) => {
    await s3.send(new PutObjectCommand({ Bucket: 'configuration', Key: 'mirrors.yaml', Body: text }));
  };
  const secrets = new SecretsManagerClient(client);
  const create = async (name: string, value: string) =>
    (await secrets.send(new CreateSecretCommand({ Name: name, SecretString: value }))).ARN ?? '';
  const source = await create('github', JSON.stringify({ token: sourceToken }));
  const destination = await create('gitlab', destinationToken);
  const toText = (more = '') => `mirrors:
  - name: acme
    from: { host: github, url: '${github.url}', owner: acme, token: '${source}:token::' }
    to: { host: gitlab, url: '${gitlab.url}', group: mirror, token: '${destination}' }
    prune: true
${more}
  - name: aws
    from: { host: codecommit, region: us-east-1, exclude: ['secret-*'] }
    to: { host: gitlab, url: '${gitlab.url}', group: aws, token: '${destination}' }
    force: true
`;
  await put(toText());
  const env = {
    ...world.env,
    AWS_ENDPOINT_URL_CODECOMMIT: codecommit.url,
    MIRRORS: 'arn:aws:s3:::configuration/mirrors.yaml',
  };
  const [intake, mirror] = [await startFunction('intake', env), await startFunction('mirror', env)];
  return {
    world,
    github,
    gitlab,
    codecommit,
    env,
    intake,
    mirror,
    toText,
    put,
    async putToken(token) {
      const SecretString = JSON.stringify({ token });
      await secrets.send(new PutSecretValueCommand({ SecretId: source, SecretString }));
    },
    async addToGithub(name) {
      const path = await github.repositories.path(github.repositories.add({ owner: 'acme', name }));
      await grow(path, 'main', { count: 2 });
      return path;
    },
    async addToCodeCommit(name) {
      const { id } = codecommit.add(name);
      const path = (await world.createPair(name)).source;
      await grow(path, 'main', { count: 2 });
      return { id, path };
    },
    async mirrorOf(group, name) {
      const found = gitlab.repositories.find(group, name);
      return found && (await gitlab.repositories.path(found));
    },
    async take(event) {
      const answer = await intake.api.invoke(event);
      if (answer.kind === 'error') throw new Error(JSON.stringify(answer.body));
      return (await world.queue.drain(mirror.api)).flatMap(({ bodies }) => bodies);
    },
    states: (name) => {
      const read = async () => await openDynamoStore('states', 'us-east-1').readRepositories(name);
      return withEnvironment(world.moto.env, read);
    },
    async [Symbol.asyncDispose]() {
      for (const each of [intake, mirror, github, gitlab, codecommit, world])
        await each[Symbol.asyncDispose]();
    },
  };
}
