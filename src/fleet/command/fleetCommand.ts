import { Command, Option } from 'commander';

/** What was asked of the fleet on the command line. */
export interface FleetRequest {
  readonly subcommand: 'preview' | 'mirror' | 'check' | 'status' | 'serve' | 'hooks' | 'init' | 'schema';
  /** Mirrors and repositories; all of them where there is none. */
  readonly names: readonly string[];
  readonly flags: FleetFlags;
}

/** As commander gives them. */
export interface FleetFlags {
  readonly config?: string;
  readonly state?: string;
  readonly reportDir?: string;
  readonly acceptListing?: boolean;
  readonly json?: boolean;
  readonly address?: string;
  readonly port?: string;
  readonly hooksAddress?: string;
  readonly hooksPort?: string;
  readonly tokenFile?: string;
  readonly behindTls?: boolean;
  readonly secretFile?: string;
  readonly url?: string;
  readonly replaceSecret?: boolean;
  readonly stack?: string;
  readonly engine?: 'local' | 'aws';
}

/** The `fleet` command without what it does, which is loaded when it runs. */
export function createFleetCommand(run: (request: FleetRequest) => Promise<void>): Command {
  const fleet = new Command('fleet')
    .description('mirror every repository of an organisation, workspace, group or account')
    .showHelpAfterError('(codecommit-mirror fleet --help lists the commands)')
    .addHelpText('after', helpText);
  const add = (
    subcommand: FleetRequest['subcommand'],
    description: string,
    hasNames: boolean,
    argument?: string,
  ): Command => {
    const command = new Command(subcommand).description(description).exitOverride();
    if (hasNames) command.argument('[name...]', 'mirrors, or repositories by owner/name; * and ** are taken');
    if (argument !== undefined) command.argument(argument);
    if (subcommand !== 'schema') command.option('--config <file>', 'the configuration', 'mirrors.yaml');
    command.action(async (...given: unknown[]) => {
      const [names, flags] = hasNames || argument !== undefined ? given : [[], given[0]];
      await run({ subcommand, names: [names].flat() as string[], flags: flags as FleetFlags });
    });
    fleet.addCommand(command);
    return command;
  };
  const stack = 'the stack in AWS of this name (docs/aws.md), in place of --config and --state';
  const stateFolder = 'the folder of the state (default: mirrors.state beside the configuration)';
  add('preview', 'show what would be mirrored, made, left out; changes nothing', true)
    .option('--state <folder>', stateFolder)
    .option('--json', 'print the plan as a JSON document');
  add('mirror', 'mirror everything once', true)
    .option('--state <folder>', stateFolder)
    .option('--report-dir <folder>', 'write a JSON report for each repository, and fleet.json for all')
    .option('--accept-listing', 'believe a listing that has lost many repositories since the last one');
  add('check', 'compare both sides, repository by repository; changes nothing', true)
    .option('--state <folder>', stateFolder)
    .option('--json', 'print the result as a JSON document');
  add('status', 'show the last known state; asks no host', true)
    .option('--state <folder>', stateFolder)
    .option('--stack <name>', stack)
    .option('--json', 'print the state as a JSON document');
  const secretFile =
    'the file with the secret of webhooks (default: mirrors.hooks-secret beside the configuration)';
  add('serve', 'mirror for as long as it runs: by webhooks, by polling, with a status page', false)
    .option('--state <folder>', stateFolder)
    .option('--port <number>', 'the port of the status page', '8080')
    .option('--address <address>', 'its address; another than this machine needs a token', '127.0.0.1')
    .option('--hooks-port <number>', 'the port for webhooks', '8081')
    .option('--hooks-address <address>', 'its address', '127.0.0.1')
    .option('--token-file <file>', 'a file with the token of the page; or set FLEET_TOKEN')
    .option('--behind-tls', 'the page is reached over HTTPS, through a proxy')
    .option('--secret-file <file>', secretFile)
    .addOption(
      new Option('--engine <engine>', 'aws: share the queue and the table of a stack, with --stack')
        .choices(['local', 'aws'])
        .default('local'),
    )
    .option('--stack <name>', stack)
    .addHelpText('after', serveText);
  add('hooks', 'install, list or remove the webhooks of every source', false, '<install|list|remove>')
    .option('--state <folder>', stateFolder)
    .option('--url <url>', 'where the hosts reach fleet serve --hooks-port')
    .option('--stack <name>', `${stack}; its URL and its secret`)
    .option('--secret-file <file>', secretFile)
    .option('--replace-secret', 'make a new secret; the one before stays valid beside it');
  add('init', 'ask five questions and write a configuration', false);
  add('schema', 'print the JSON Schema of the configuration', false);
  return fleet.exitOverride();
}

const helpText = `
The configuration, mirrors.yaml, says which repositories are mirrored and
where to. Missing repositories are made at the destination, private. Nothing
is ever deleted there, but for branches and tags with "prune".

Exit codes: 0 all is as it should be, 1 a repository is not, 2 the
configuration or the flags are invalid, 128 + n stopped by signal n.

Example:
  codecommit-mirror fleet init
  codecommit-mirror fleet preview
  codecommit-mirror fleet mirror 'github-acme'`;

const serveText = `
To reach the page from elsewhere, put a proxy with TLS in front of it:

  codecommit-mirror fleet serve --address 0.0.0.0 --token-file token --behind-tls

  # nginx
  location / { proxy_pass http://127.0.0.1:8080; proxy_buffering off; }

/metrics is for Prometheus, /healthz for whoever looks whether it runs. Hosts
need to reach --hooks-port alone: codecommit-mirror fleet hooks install --url …`;
