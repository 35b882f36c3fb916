import { Command, Option } from 'commander';
import { type Variable, variables } from '../pipe/variables';

/** The groups of the help, in order. All other variables are about the run itself. */
const groups: readonly (readonly [string, RegExp])[] = [
  ['Destination:', /^(CODECOMMIT|SSH_KEY|KNOWN_HOSTS|AWS)/],
  ['Source:', /^SOURCE/],
  ['What is mirrored:', /^(REFS|INCLUDE|EXCLUDE|FORCE|PRUNE|BACKUP|LFS)/],
];

/** `check` accepts and ignores these, so that the flags of a mirror work unchanged. */
const idleInCheck = new Set(['BACKUP', 'DRY_RUN', 'PUSH_SIZE', 'MAX_ATTEMPTS', 'REPORT_FILE']);

export function createMirrorCommand(): Command {
  const command = new Command('mirror').description('mirror the clone in this folder, or SOURCE_URL');
  addVariables(command, () => false);
  return command.addHelpText('after', mirrorHelp);
}

export function createCheckCommand(): Command {
  const command = new Command('check').description('check whether a mirror would work, and what differs');
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
  const keyFile = 'The file with the private key. The variable SSH_KEY contains the key itself.';
  const profile = 'The AWS profile to use, like AWS_PROFILE for other AWS tools.';
  command.addOption(new Option('--ssh-key-file <file>', keyFile).helpGroup('Destination:'));
  command.addOption(new Option('--profile <name>', profile).helpGroup('Destination:'));
}

function toOption(flag: string, { name, description, default: fallback }: Variable): Option {
  const note = fallback === undefined ? `[${name}]` : `[${name}, default ${fallback}]`;
  return new Option(flag, `${description.replaceAll('`', '')} ${note}`);
}

const rules = `
Each flag sets the variable in brackets and overrides it. --no-force and
similar flags turn off a switch that the environment turns on.`;

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
if it could not be checked. With AWS credentials it also asks IAM.

Exit codes: 0 all points passed, 1 a point failed, 2 the flags or variables
are invalid, 128 + n stopped by signal n.

Example:
  codecommit-mirror check ${example}`;
