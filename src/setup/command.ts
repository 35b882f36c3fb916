import { Command } from 'commander';

/** The subcommand without its code: the AWS SDK is loaded only when it runs. */
export function createSetupCommand(): Command {
  return new Command('setup')
    .description('set up one mirror: CodeCommit, IAM and Bitbucket; and verify that it works')
    .option(
      '--bitbucket <workspace/repository>',
      'the repository to mirror; default: the origin of this clone',
    )
    .requiredOption('--codecommit <region/name>', 'the repository to mirror to; created if it does not exist')
    .option('--user <name>', 'the IAM user, or with --oidc the role; default: one that setup creates')
    .option('--adopt', 'add to an existing user or role that setup did not create')
    .option('--oidc', 'no user and no key: a role that steps of this repository assume')
    .option('--write', 'add the step to bitbucket-pipelines.yml; only in the root of its clone')
    .option('--nightly', 'add a pipeline and a schedule that mirror every night')
    .option('--protect', 'make the IAM policy that denies others to push, and print how to attach it')
    .option('--trigger <arn>', 'have CodeCommit tell this SNS topic or Lambda function of each push')
    .option('--dry-run', 'show the plan and stop; also with --yes')
    .option('--yes', 'do not ask')
    .option('--replace-key', 'make a new key, give it to the pipeline, and retire the old one')
    .option(
      '--key-file <file>',
      'the private key without a token; default: below ~/.config/codecommit-mirror',
    )
    .option('--remove', 'undo what setup made; the repository stays')
    .option('--profile <name>', 'the AWS profile')
    .option('--bitbucket-api <url>', 'another base URL of the Bitbucket API')
    .addHelpText('after', helpText);
}

const helpText = `
It reads everything first, shows a plan, and asks. A second run changes
nothing; a run that was stopped continues. AWS credentials are found as the
AWS CLI finds them. For Bitbucket set BITBUCKET_TOKEN (a repository access
token), or BITBUCKET_EMAIL and BITBUCKET_API_TOKEN. Without them, what to do
on Bitbucket is printed, and the private key goes to a file that only you
can read.

Scopes of an access token (Repository settings > Access tokens):
  repository, repository:admin, pipeline:write, pipeline:variable
Scopes of an API token (id.atlassian.com, "Create API token with scopes";
it always has an expiry date):
  read:repository:bitbucket, read:pipeline:bitbucket,
  write:pipeline:bitbucket, admin:pipeline:bitbucket

--protect: CodeCommit has no policies on repositories. The policy denies
nothing until you attach it; setup attaches it to nobody.
--trigger: other triggers of the repository are kept.

CODECOMMIT_ENDPOINT (<host>[:<port>], such as a VPC endpoint) replaces the
region's git host; its host key comes from KNOWN_HOSTS.
Exit codes: 0 done or nothing to do, 1 not done, 2 invalid flags.

Examples:
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --dry-run
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --write
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --oidc --write
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --protect --dry-run
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --remove --write`;
