import { MirrorError } from '../errors';
import { awsFailed } from './failures';

/** What AWS's clients have in common. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: <A, R>(
        next: (args: A) => Promise<R>,
        context: { readonly clientName?: string; readonly commandName?: string },
      ) => (args: A) => Promise<R>,
      options: { readonly step: 'initialize' },
    ): void;
  };
}

/** Makes a client throw MirrorError for every error of AWS and of a proxy, with the permission that the call needs. */
export function explainErrors<C extends Client>(client: C): C {
  client.middlewareStack.add(
    (next, { clientName = '', commandName = '' }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof MirrorError)
            throw error;
          const service = clientName.replace(/Client$/, '').toLowerCase();
          throw awsFailed(`${service}:${commandName.replace(/Command$/, '')}`, error);
        }
      },
    { step: 'initialize' },
  );
  return client;
}

/** The answer of such a client; undefined if there is no such thing. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  return await unless(/^(NoSuchEntity|RepositoryDoesNotExist)(Exception)?$/, answer);
}

/** The answer of such a client; undefined if there is one of that name already. */
export async function unlessThere<T>(answer: Promise<T>): Promise<T | undefined> {
  return await unless(/^(EntityAlreadyExists|RepositoryNameExists)(Exception)?$/, answer);
}

async function unless<T>(name: RegExp, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const cause = error instanceof MirrorError ? error.cause : undefined;
    if (cause instanceof Error && name.test(cause.name)) return undefined;
    throw error;
  }
}

/** Every page of one of the SDK's paginators. */
export async function collectPages<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
