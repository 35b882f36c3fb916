import { MirrorError } from '../errors';
import type { Role } from './settings';

/** HTTP 410, at either end: Bitbucket's answer to an app password. */
export const passwordRemoved = (role: Role, url: string) =>
  new MirrorError(
    role === 'source' ? 'source-unauthorised' : 'credentials-refused',
    {
      message: `The ${role} ${url} refused the login with HTTP 410 (Gone). Bitbucket gives this answer to app passwords, which it removed on 2026-07-28.`,
      remedy:
        'Create a token and use it in place of the app password: an access token of the repository, with the user x-token-auth, or an API token with scopes, with the user x-bitbucket-api-token-auth.',
    },
    { facts: { gone: 410 } },
  );
