import type { CodeCommitClient } from '@aws-sdk/client-codecommit';
import { createRequestHandler } from '../../../aws/http';
import type { ChainIdentity } from '../../../aws/identity';
import { once } from '../../../system/once';
import { callAws } from './errors';

/** A repository of CodeCommit, as its list names it. */
export interface NamedRepository {
  readonly name: string;
  /** It stays when the repository is renamed, and is never given twice. */
  readonly id: string;
}

/** The names of the repositories of one region. Throws MirrorError. */
export interface CodeCommitNames {
  /** Pages of 1,000 at most; the token of a page names the last row, so that nothing shifts between two of them. */
  list(newestFirst: boolean): AsyncGenerator<readonly NamedRepository[]>;
}

/** Needs `codecommit:ListRepositories` alone; events say what has changed, so that nothing else is asked for. */
export function openCodeCommitNames(identity: ChainIdentity, region: string): CodeCommitNames {
  const open = once(() => openClient(identity, region));
  return {
    async *list(newestFirst) {
      const client = await open();
      const { ListRepositoriesCommand } = await import('@aws-sdk/client-codecommit');
      const order = newestFirst
        ? ({ sortBy: 'lastModifiedDate', order: 'descending' } as const)
        : ({ sortBy: 'repositoryName', order: 'ascending' } as const);
      let nextToken: string | undefined;
      do {
        const input = { ...order, ...(nextToken !== undefined && { nextToken }) };
        const page = await callAws('codecommit:ListRepositories', () =>
          client.send(new ListRepositoriesCommand(input)),
        );
        yield (page.repositories ?? []).flatMap(({ repositoryName: name, repositoryId: id }) =>
          name === undefined || id === undefined ? [] : [{ name, id }],
        );
        nextToken = page.nextToken || undefined;
      } while (nextToken !== undefined);
    },
  };
}

async function openClient(identity: ChainIdentity, region: string): Promise<CodeCommitClient> {
  const { CodeCommitClient } = await import('@aws-sdk/client-codecommit');
  return new CodeCommitClient({
    region,
    requestHandler: createRequestHandler(),
    credentials: async () => {
      const { keys, expiresAt } = await identity.read();
      const { accessKeyId, secretAccessKey, sessionToken } = keys;
      return {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
        ...(expiresAt !== undefined && { expiration: expiresAt }),
      };
    },
  });
}
