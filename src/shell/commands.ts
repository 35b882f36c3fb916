import { Command, Option } from 'commander';
import { type Variable, variables } from '../pipe/variables';

/** Where a variable stands in the help, in this order; the rest is about the run itself. */
const groups: readonly (readonly [string, RegExp])[] = [
  ['Destination:', /^(CODECOMMIT|SSH_KEY|KNOWN_HOSTS|AWS)/],
  ['Source:', /^SOURCE/],
  ['What is mirrored:', /^(REFS|INCLUDE|EXCLUDE|FORCE|PRUNE|BACKUP|LFS)/],
];

/** What `check` takes, so that the flags of a mirror can stay as they are, and makes no use of. */
const idleInCheck = new Set(['BACKUP', 'DRY_RUN', 'PUSH_SIZE', 'MAX_ATTEMPTS', 'REPORT_FILE']);

export function createMirrorCommand(): Command {
  const command = new Command('mirror').description('mirror the clone in this folder, or SOURCE_URL');
  addVariables(command, () => false);
  return command.addHelpText('after', mirrorHelp);
}

export function createCheckCommand(): Command {
  const command = new Command('check').description('see whether a mirror would work, and what differs');
  addVariables(command, (name) => idleInCheck.has(name));
  command.addOption(new Option('--json', 'print the result as a JSON document').helpGroup('Run:'));
  return command.addHelpText('after', checkHelp);
}

/** Every variable as a flag. */
function addVariables(command: Command, isHidden: (name: string) => boolean): void {
  for (const variable of variables) {
    const { name, flag, isSwitch } = variable;
    if (flag === undefined) continue;
    const group = groups.find(([, names]) => names.test(name))?.[0] ?? 'Run:';
    command.addOption(toOption(flag, variable).hideHelp(isHidden(name)).helpGroup(group));
    if (isSwitch) command.addOption(new Option(flag.replace('--', '--no-')).hideHelp().helpGroup(group));
  }
  const keyFile = 'The private key, from a file. The variable SSH_KEY holds the key itself.';
  const profile = 'The AWS profile to take credentials from, as AWS_PROFILE is for every AWS tool.';
  command.addOption(new Option('--ssh-key-file <file>', keyFile).helpGroup('Destination:'));
  command.addOption(new Option('--profile <name>', profile).helpGroup('Destination:'));
}

function toOption(flag: string, { name, description, default: fallback }: Variable): Option {
  const note = fallback === undefined ? `[${name}]` : `[${name}, default ${fallback}]`;
  return new Option(flag, `${description.replaceAll('`', '')} ${note}`);
}

const rules = `
Each flag stands for the variable in brackets, and wins over it. --no-force
and the like turn a switch off that the environment has on.`;

const example = `--refs all \\
    --codecommit-url ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app \\
    --ssh-key-id APKAEXAMPLEEXAMPLE12 --ssh-key-file ~/.ssh/codecommit_rsa`;

const mirrorHelp = `${rules}

Exit codes: 0 mirrored or already equal, 1 something was not mirrored, 2 the
flags or variables are invalid, 128 + n stopped by signal n.

Example:
  codecommit-mirror mirror ${example}`;

const checkHelp = `${rules}

It changes nothing on either side. Each point is ✔, ✖ with what to do, or –
where it could not be looked at. With AWS credentials it asks IAM as well.

Exit codes: 0 all points hold, 1 one does not, 2 the flags or variables are
invalid, 128 + n stopped by signal n.

Example:
  codecommit-mirror check ${example}`;
