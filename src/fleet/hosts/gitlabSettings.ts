import type { TokenReader } from './host';

export interface GitlabSettings {
  /** Of the web pages. Default: https://gitlab.com. */
  readonly url?: string | undefined;
  /** A group with all groups in it, by its path (`acme/platform`), or a user. */
  readonly owner: { readonly group: string } | { readonly user: string };
  /** A personal, group or project access token. */
  readonly readToken: TokenReader;
}
