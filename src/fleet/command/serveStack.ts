import type { Output, Session } from '../../program/session';
import type { FleetSettings } from '../aws/catalogue/settings';
import { runWorker } from '../aws/functions/worker';
import { openDynamoStore } from '../aws/resources/dynamoStore';
import { openVoice } from '../aws/resources/lambdaProgram';
import { openSqsQueue } from '../aws/resources/sqsQueue';
import type { Stack } from '../aws/stack/stack';
import { openStackService, stackActions } from '../aws/stack/stackService';
import { systemClock } from '../hosts/api/limiter';
import { openListener } from '../service/listener';
import { createAccess } from '../service/page/access';
import { answerPage } from '../service/page/pageServer';
import type { Viewed } from '../service/views';
import { readToken, type ServeOptions } from './serve';

export interface StackServeOptions
  extends Pick<ServeOptions, 'address' | 'port' | 'tokenFile' | 'isBehindTls'> {
  readonly stdout: Output;
}

/** Milliseconds. Nobody tells this machine what happens in the table: a page that is open reads it so often. */
const refresh = 15_000;

/**
 * Takes from the queue of a stack, as its function does, and shows the state of the stack on a page, until it is
 * stopped. Gives the exit code. Throws MirrorError.
 */
export async function serveStack(
  stack: Stack,
  { table, region, queueUrl }: FleetSettings,
  mirrors: Viewed['mirrors'],
  options: StackServeOptions,
  { context }: Session,
): Promise<number> {
  const { log, signal } = context;
  const token = await readToken(context, options);
  await using store = openDynamoStore(table, region);
  const parts = {
    viewed: { mirrors, store, showsLastRuns: false },
    service: openStackService({ store, queue: openSqsQueue(queueUrl, region), log }),
    actions: stackActions,
    log,
    access: createAccess(token, options.isBehindTls, systemClock.now),
    logs: { read: async () => undefined },
    onChange(listener: () => void) {
      const timer = setInterval(listener, refresh);
      return () => clearInterval(timer);
    },
  };
  await using page = await openListener({
    address: options.address,
    port: options.port,
    answer: (request, response) => answerPage(request, response, parts),
  });
  log.info(`Status page: ${page.url}/`);
  const env = { ...context.env, ...stack.env };
  const program = { env, stdout: options.stdout, signal, now: Date.now };
  await runWorker(program, openVoice(program));
  log.info('Stopped.');
  return 0;
}
