import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Context } from '../../system/context';
import { toShellWord } from '../../system/shellWord';
import { listenInFolder } from '../../system/socket';

/** A program for git to ask. Disposing of it closes the socket. */
export interface CredentialHelper extends AsyncDisposable {
  /** For git's `credential.helper`. */
  readonly command: string;
}

/** What git asks with, as gitcredentials(7) names it; `path` is without its first slash. */
export interface AskedPlace {
  readonly protocol: string | undefined;
  readonly host: string | undefined;
  readonly path: string | undefined;
  /** This git takes other answers than a user name and a password (git-credential(1), `capability[]`). */
  readonly knowsAuthtype: boolean;
}

/** What git is answered with (git-credential(1), "INPUT/OUTPUT FORMAT"). */
export type Answer =
  | { readonly username: string; readonly password: string }
  | { readonly authtype: string; readonly credential: string };

/**
 * Answers git's questions from this process, over a Unix socket in a folder that only this user can enter. So the
 * keys never leave this process, not even into a file, and git gets a login that was signed in the moment that it
 * asked. git's own client of a credential cache joins git to the socket: it starts ten times as fast as Node. `login`
 * gives undefined for a question that is not to be answered; git is told to give up then, and not to ask a human.
 */
export async function openCredentialHelper(
  login: (asked: AskedPlace) => Promise<Answer | undefined>,
  context: Pick<Context, 'env'>,
): Promise<CredentialHelper> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // A git that was stopped while it asked needs no answer.
    socket.on('error', () => undefined);
    void answer(socket, login);
  });
  const { folder, path } = await listenInFolder(server, context);
  return {
    command: toCommand(path),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function answer(
  socket: Socket,
  login: (asked: AskedPlace) => Promise<Answer | undefined>,
): Promise<void> {
  try {
    // git's side is done with writing; ours is still to come, so reading to the end must not close the socket.
    const question = await text(socket.iterator({ destroyOnReturn: false }));
    const given = await login(parseQuestion(question));
    socket.end(given === undefined ? 'quit=1\n' : toText(given));
  } catch {
    socket.destroy();
  }
}

function toText(given: Answer): string {
  const capability = 'authtype' in given ? 'capability[]=authtype\n' : '';
  const lines = Object.entries(given).filter(([key]) => answerKeys.has(key));
  return capability + lines.map(([key, value]) => `${key}=${value}\n`).join('');
}

const answerKeys = new Set(['username', 'password', 'authtype', 'credential']);

/** git's form: one `key=value` a line (git-credential(1), "INPUT/OUTPUT FORMAT"). */
function parseQuestion(question: string): AskedPlace {
  const values = new Map(
    question.split('\n').map((line): [string, string] => {
      const [, key = '', value = ''] = /^([^=]*)=(.*)$/.exec(line) ?? [];
      return [key, value];
    }),
  );
  return {
    protocol: values.get('protocol'),
    host: values.get('host'),
    path: values.get('path'),
    knowsAuthtype: question.split('\n').includes('capability[]=authtype'),
  };
}

/**
 * git adds `get`, `store` or `erase`. The last two ask for nothing, and nothing is stored. `get` starts no cache of git's
 * own where ours does not listen any more (git-credential-cache(1)).
 */
function toCommand(path: string): string {
  return `!f() { test "$1" != get || exec git credential-cache --socket=${toShellWord(path)} get; }; f`;
}
