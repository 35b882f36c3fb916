import { join } from 'node:path';
import { createKeyReader } from '../../aws/keyReader';
import type { MirrorError } from '../../errors';
import { gitTooOld } from '../../git/errors';
import type { Context } from '../../system/context';
import { toMirrorError } from '../../system/errors';
import type { AwsLogin, BearerLogin, RemoteSettings } from '../settings';
import { type Answer, type AskedPlace, openCredentialHelper } from './credentialHelper';
import { signLogin } from './sigv4';
import { toStoreHelper } from './store';

/** What answers git when the server asks who we are. Disposing of it leaves nothing behind. */
export interface Helper extends AsyncDisposable {
  /** For git's `credential.helper`. */
  readonly command: string;
  /** Its answer is for one repository, so git tells it the path, too. */
  readonly usesPath: boolean;
  /** Fulfilled when there is something to answer with. Throws MirrorError. */
  ready?(): Promise<void>;
  /** Why there was no answer; undefined when there was. */
  explain?(): MirrorError | undefined;
}

/** `folder` is one that only this user can enter. Undefined where nothing of ours is to be sent. */
export async function openHelper(
  { login, url }: RemoteSettings,
  folder: string,
  context: Context,
): Promise<Helper | undefined> {
  switch (login.kind) {
    case 'password':
      return {
        command: await toStoreHelper(join(folder, 'login'), url, login),
        usesPath: false,
        [Symbol.asyncDispose]: async () => undefined,
      };
    case 'bearer':
      return await openTokenHelper(login, url, context);
    case 'aws':
      return await openSigner(login, url, context);
    default:
      return undefined;
  }
}

/** A token that goes by itself, without a user name. */
async function openTokenHelper({ token }: BearerLogin, url: string, context: Context): Promise<Helper> {
  const { origin } = new URL(url);
  let isTooOld = false;
  const helper = await openCredentialHelper(async (asked): Promise<Answer | undefined> => {
    if (`${asked.protocol}://${asked.host}` !== origin) return undefined;
    isTooOld = !asked.knowsAuthtype;
    return isTooOld ? undefined : { authtype: 'Bearer', credential: token };
  }, context);
  return {
    ...helper,
    usesPath: false,
    explain: () => (isTooOld ? gitTooOld('Bearer tokens need git 2.46 or newer') : undefined),
  };
}

/** Signs in this process, afresh each time that git asks: a mirror of hours logs in as often as it connects. */
async function openSigner({ identity, region }: AwsLogin, url: string, context: Context): Promise<Helper> {
  const { host, pathname: path } = new URL(url);
  const readKeys = createKeyReader(identity, region, context);
  const firstKeys = readKeys();
  // Whoever asks for refs first learns of a failure; nobody asking is no reason to crash.
  firstKeys.catch(() => undefined);
  let unsigned: MirrorError | undefined;

  async function sign(asked: AskedPlace): Promise<Answer | undefined> {
    if (asked.protocol !== 'https' || asked.host !== host || `/${asked.path}` !== path) return undefined;
    try {
      const signed = signLogin(await readKeys(), { host, path, region }, new Date());
      context.log.conceal([signed.password], true);
      unsigned = undefined;
      return signed;
    } catch (error) {
      unsigned = toMirrorError(error);
      return undefined;
    }
  }
  const helper = await openCredentialHelper(sign, context);
  return {
    ...helper,
    usesPath: true,
    async ready() {
      await firstKeys;
    },
    explain: () => unsigned,
  };
}
