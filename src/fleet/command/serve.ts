import { join } from 'node:path';
import { MirrorError } from '../../errors';
import type { Session } from '../../program/session';
import type { Context } from '../../system/context';
import { readRegularFile } from '../../system/regularFile';
import { systemClock } from '../hosts/api/limiter';
import type { Fleet } from '../run/fleet';
import { createHookAnswer } from '../service/hookListener';
import { readHookSecrets } from '../service/hookSecrets';
import { isLocal, openListener } from '../service/listener';
import { createAccess } from '../service/page/access';
import { answerPage } from '../service/page/pageServer';
import { actions } from '../service/page/pageService';
import { createRunLogs } from '../service/runLogs';
import { FleetService } from '../service/service';
import { toViewed } from '../service/views';

export interface ServeOptions {
  readonly address: string;
  readonly port: number;
  readonly hooksAddress: string;
  readonly hooksPort: number;
  /** A file with the token of the page; undefined where the page is open to this machine. */
  readonly tokenFile: string | undefined;
  /** The page is reached over HTTPS, through a proxy. */
  readonly isBehindTls: boolean;
  readonly secretFile: string;
  readonly stateFolder: string;
  /** Told when both ports are open. */
  readonly opened?: ((ports: ServePorts) => void) | undefined;
}

/** `http://127.0.0.1:8080` of the page, and of the webhooks. */
export interface ServePorts {
  readonly page: string;
  readonly hooks: string;
}

/** Runs the service until it is stopped. Gives the exit code. */
export async function serveFleet(fleet: Fleet, options: ServeOptions, session: Session): Promise<number> {
  const { context } = fleet;
  const token = await readToken(context, options);
  const listeners = new Set<() => void>();
  const logs = createRunLogs(
    join(options.stateFolder, 'logs'),
    session.clean,
    context.log.conceal,
    systemClock.now,
  );
  const changed = createBell(() => {
    for (const listener of listeners) listener();
  });
  const service = new FleetService(fleet, { clock: systemClock, random: Math.random, logs, changed });
  const access = createAccess(token, options.isBehindTls, systemClock.now);
  const onChange = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const parts = {
    viewed: toViewed(fleet),
    service,
    actions: new Set(actions),
    log: context.log,
    access,
    logs,
    onChange,
  };
  await using page = await openListener({
    address: options.address,
    port: options.port,
    answer: (request, response) => answerPage(request, response, parts),
  });
  await using hooks = await openListener({
    address: options.hooksAddress,
    port: options.hooksPort,
    answer: createHookAnswer(fleet, service, () => readHookSecrets(options.secretFile)),
  });
  context.log.info(`Status page: ${page.url}/`);
  context.log.info(`Webhooks: ${hooks.url}/hooks/<mirror>`);
  options.opened?.({ page: page.url, hooks: hooks.url });
  await service.run();
  context.log.info('Stopped.');
  return 0;
}

/** Rings twice a second at most: a thousand changes at once are one for whoever looks. */
function createBell(ring: () => void): () => void {
  let isRinging = false;
  return () => {
    if (isRinging) return;
    isRinging = true;
    setTimeout(() => {
      isRinging = false;
      ring();
    }, 500).unref();
  };
}

/** Whoever can reach the page from elsewhere must log in. */
export async function readToken(
  { env, log }: Pick<Context, 'env' | 'log'>,
  { tokenFile, address }: Pick<ServeOptions, 'tokenFile' | 'address'>,
): Promise<string | undefined> {
  const given = tokenFile === undefined ? env['FLEET_TOKEN'] : await readRegularFile(tokenFile);
  const token = given?.trim() || undefined;
  if (token !== undefined) log.conceal([token]);
  const isUnfit = token === undefined ? tokenFile !== undefined || !isLocal(address) : token.length < 16;
  if (!isUnfit) return token;
  throw new MirrorError(
    'fleet-configuration-invalid',
    {
      message:
        token === undefined
          ? `The page would be open to everybody who reaches ${address}: there is no token for it.`
          : 'The token of the page is shorter than 16 characters.',
      remedy:
        'Put a long random text into a file (openssl rand -hex 32) and give --token-file, or set FLEET_TOKEN; or leave --address out, so that only this machine reaches the page.',
    },
    { exitCode: 2 },
  );
}
