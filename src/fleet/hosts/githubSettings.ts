import type { TokenReader } from './host';

export interface GithubSettings {
  /** Of the web pages: `https://ghe.example.com`. Default: github.com. */
  readonly url?: string | undefined;
  /** An organisation or a user. */
  readonly owner: string;
  /** A personal access token, classic or fine-grained, or a token of an app's installation. */
  readonly readToken: TokenReader;
}
