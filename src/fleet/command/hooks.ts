import { MirrorError, toErrorText } from '../../errors';
import { cutEndSlashes } from '../../http/endSlashes';
import type { MirrorConfiguration } from '../configuration/configuration';
import type { HookPlace, Hooks } from '../hosts/webhooks/hooks';
import type { Fleet } from '../run/fleet';
import { readPlan } from '../run/readPlan';

export type HookAction = 'install' | 'list' | 'remove';

export interface HookOptions {
  readonly action: HookAction;
  /** Of our listener, as the host reaches it: `https://hooks.example.com`. */
  readonly url: string;
  /** Gives the secret that hosts are to sign with; made where there is none. */
  readonly ensureSecret: () => Promise<string>;
}

/** Installs, lists or removes the webhooks of every source that has them. Gives the exit code. */
export async function manageHooks(fleet: Fleet, options: HookOptions): Promise<number> {
  const { log } = fleet.context;
  const base = parseBase(options.url);
  const secret = options.action === 'install' ? await options.ensureSecret() : '';
  log.conceal([secret]);
  let failed = 0;
  for (const mirror of fleet.configuration.mirrors) {
    const { hooks } = fleet.hostsOf(mirror).source;
    if (hooks === undefined) {
      log.skip(`${mirror.name}: ${mirror.from.host} has no webhooks; its repositories are polled`);
      continue;
    }
    try {
      await manageOne(fleet, mirror, hooks, { ...options, url: `${base}/hooks/${mirror.name}` }, secret);
    } catch (error) {
      if (!(error instanceof MirrorError) || error.code === 'stopped') throw error;
      failed++;
      log.failure(`${mirror.name}: ${error.message}\n  ${error.remedy} [${error.code}]`);
    }
  }
  return failed === 0 ? 0 : 1;
}

/** For the whole owner where the host and the token allow it; else for each repository. */
async function manageOne(
  fleet: Fleet,
  mirror: MirrorConfiguration,
  hooks: Hooks,
  { action, url }: HookOptions,
  secret: string,
): Promise<void> {
  const { log } = fleet.context;
  try {
    log.success(`${mirror.name}: ${await apply(hooks, 'owner', action, url, secret)}, for all repositories`);
    return;
  } catch (error) {
    if (!(error instanceof MirrorError) || error.code !== 'fleet-not-permitted') throw error;
    log.info(
      `${mirror.name}: no webhook for all repositories at once (${toErrorText(error)}) One for each follows.`,
    );
  }
  const plan = await readPlan(fleet, [mirror]);
  for (const { repository, path } of plan.repositories)
    if (repository !== undefined)
      log.success(`${path}: ${await apply(hooks, repository, action, url, secret)}`);
}

async function apply(
  hooks: Hooks,
  place: HookPlace,
  action: HookAction,
  url: string,
  secret: string,
): Promise<string> {
  switch (action) {
    case 'install':
      return `webhook ${await hooks.install(place, { url, secret })}`;
    case 'remove':
      return `${await hooks.remove(place, url)} webhooks removed`;
    case 'list': {
      const found = await hooks.list(place, url);
      const off = found.filter(({ isActive }) => !isActive).length;
      return `${found.length} webhooks to ${url}${off === 0 ? '' : `, ${off} switched off`}`;
    }
  }
}

function parseBase(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return cutEndSlashes(url);
  throw new MirrorError(
    'fleet-configuration-invalid',
    {
      message: `--url is ${JSON.stringify(url)}; it must be the address at which the host reaches this service.`,
      remedy: 'Give --url https://hooks.example.com, which leads to the port of fleet serve --hooks-port.',
    },
    { exitCode: 2 },
  );
}
