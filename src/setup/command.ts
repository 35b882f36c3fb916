import { Command } from 'commander';

/** The subcommand without what it does: the AWS SDK is loaded when it runs, and not for the other commands. */
export function createSetupCommand(): Command {
  return new Command('setup')
    .description('set everything up for one mirror: CodeCommit, IAM, Bitbucket; and prove that it works')
    .requiredOption('--bitbucket <workspace/repository>', 'the repository to mirror')
    .requiredOption('--codecommit <region/name>', 'the repository to mirror to; made where it is missing')
    .option('--user <name>', 'the IAM user, or with --oidc the role; default: codecommit-mirror-<name>')
    .option('--oidc', 'no user and no key: a role that steps of this repository take on')
    .option('--write', 'add the step to bitbucket-pipelines.yml in this folder')
    .option('--dry-run', 'show what would be done, and stop')
    .option('--yes', 'do not ask')
    .option('--replace-key', 'replace the SSH key of Pipelines when it is another one')
    .option(
      '--key-file <file>',
      'the private key when there is no token; default: codecommit-mirror-<name>.key',
    )
    .option('--remove', 'undo what setup made; the repository stays')
    .option('--profile <name>', 'the AWS profile')
    .option('--bitbucket-api <url>', 'another base URL of the Bitbucket API')
    .addHelpText('after', helpText);
}

const helpText = `
It looks at everything first, shows what it would do, and asks. A second run changes nothing; a run that was
stopped goes on. Credentials of AWS are found as its own tools find them. For Bitbucket: BITBUCKET_TOKEN (a
repository access token), or BITBUCKET_EMAIL and BITBUCKET_API_TOKEN. Without them the steps on Bitbucket are
printed, and the private key goes to a file that only you can read.

CODECOMMIT_ENDPOINT (<host>[:<port>], such as a VPC endpoint) stands in for the region's git host; its host key
comes from KNOWN_HOSTS. Exit codes: 0 done or nothing to do, 1 not done, 2 the flags are at fault.

Examples:
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --dry-run
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --write
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --oidc --write
  codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app --remove --write`;
