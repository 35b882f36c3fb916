import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyReader } from '../../aws/keyReader';
import type { MirrorError } from '../../errors';
import { toConfigText } from '../../git/config';
import { parseFailure } from '../../git/failures';
import type { HttpsSettings } from '../../pipe/destinationSettings';
import type { Context } from '../../system/context';
import { toMirrorError } from '../../system/errors';
import { type Transport, unpackMilliseconds } from '../destination';
import { certificateRefused, credentialsRefused, redirected } from '../errors';
import { describeServerFailure } from '../failures';
import { type AskedPlace, type CredentialHelper, openCredentialHelper } from './credentialHelper';
import { type Login, signLogin } from './sigv4';

/** Opens what answers git when it asks for a password, and asks AWS for a session of the role where there is one. */
export async function openHttps(settings: HttpsSettings, context: Context): Promise<Transport> {
  const readKeys = createKeyReader(settings.identity, settings.region, context);
  const firstKeys = readKeys();
  // Whoever asks for refs first learns of a failure; nobody asking is no reason to crash.
  firstKeys.catch(() => undefined);
  let unsigned: MirrorError | undefined;

  /** Signed afresh each time that git asks: a mirror of hours logs in as often as it connects. */
  async function login(asked: AskedPlace): Promise<Login | undefined> {
    if (!isPlace(settings, asked)) return undefined;
    try {
      const signed = signLogin(await readKeys(), settings, new Date());
      context.log.conceal([signed.password]);
      unsigned = undefined;
      return signed;
    } catch (error) {
      unsigned = toMirrorError(error);
      return undefined;
    }
  }
  const helper = await openCredentialHelper(login, context);
  try {
    // git's libcurl takes a login from ~/.netrc before it asks any helper: in our folder there is none.
    const env = { HOME: helper.folder, GIT_CONFIG_GLOBAL: await writeConfiguration(settings, helper) };
    return {
      env,
      async ready() {
        await firstKeys;
      },
      describeFailure: (stderr) => unsigned ?? describeHttpsFailure(settings, stderr),
      [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
    };
  } catch (error) {
    await helper[Symbol.asyncDispose]();
    throw error;
  }
}

/** The very repository and nothing else: whatever sends git elsewhere gets no login. */
function isPlace({ host, path }: HttpsSettings, asked: AskedPlace): boolean {
  return asked.protocol === 'https' && asked.host === host && `/${asked.path}` === path;
}

/** For this host alone, beside the scratch repository's configuration, which is about the source. */
async function writeConfiguration({ host }: HttpsSettings, { folder, command }: CredentialHelper) {
  const file = join(folder, 'config');
  const sections = {
    [`credential "https://${host}"`]: { helper: command, useHttpPath: 'true' },
    [`http "https://${host}/"`]: {
      followRedirects: 'false',
      lowSpeedTime: String(unpackMilliseconds / 1000),
    },
  };
  await writeFile(file, toConfigText(sections), { mode: 0o600 });
  return file;
}

function describeHttpsFailure(settings: HttpsSettings, stderr: string): MirrorError {
  const { host, url, identity } = settings;
  switch (parseFailure(stderr)) {
    case 'unauthorised':
      return credentialsRefused(
        identity.kind === 'keys' ? `the access key ${identity.accessKeyId}` : `the role ${identity.roleArn}`,
        url,
        stderr,
      );
    case 'certificate':
      return certificateRefused(host, stderr);
    case 'redirected':
      return redirected(url, stderr);
    default: {
      const port = Number(/:(\d+)$/.exec(host)?.[1] ?? 443);
      return describeServerFailure({ url, host, port, proof: 'credentials' }, stderr);
    }
  }
}
