import * as z from 'zod';
import { bareSecret, checkedText, fieldTexts, flag, list, optionalText } from './fields';
import { bitbucketKeys, bitbucketServerKeys, codeCommitKeys, gitHubKeys, gitLabKeys } from './hosts';
import { isRepositoryUrl } from './hostUrl';
import { findRegExpFault, parseDelimited } from './patterns';

const match = z
  .string({ error: "a regular expression, in quotes\nWrite match: '^svc-', for example." })
  .min(1, { error: "a regular expression, in quotes\nWrite match: '^svc-', or leave match out." })
  .superRefine((value, context) => {
    const fault = findRegExpFault(value);
    if (fault === undefined) return;
    context.addIssue({
      code: 'custom',
      message: `a regular expression of JavaScript (${fault})\nWrite match: '^svc-', for example. \\ before a character makes it literal.`,
    });
  })
  .optional()
  .register(fieldTexts, {
    description:
      'A regular expression: only repositories that match it are mirrored. It is compared with the name or, if it contains a slash, with `owner/name`.',
  });

const exclude = list({
  item: checkedText({
    isValid: (value) => findRegExpFault(parseDelimited(value) ?? '') === undefined,
    form: "a pattern such as 'svc-old-*', or a regular expression between slashes",
    fix: "Write exclude: ['svc-old-*', '/-test$/'], for example.",
  }),
  description:
    'Repositories that are excluded: patterns as in `refs`, or regular expressions between slashes, such as `/-test$/`. A pattern without a slash is compared with the name, one with a slash with `owner/name`.',
  form: "a list of patterns, such as ['svc-old-*']",
  fix: "Write exclude: ['svc-old-*'], with square brackets, or one pattern a line, each after a hyphen.",
});

const rules = { match, exclude };

const archived = flag('archived', 'Whether archived repositories are mirrored. Default: `true`.', true);
const forks = flag('forks', 'Whether forks are mirrored. Default: `true`.', true);

const address = checkedText({
  isValid: isRepositoryUrl,
  form: 'the address of a repository, https://<host>/<path>, without a login in it (http:// only on this machine)',
  fix: 'Write the address as git clone takes it over HTTPS; the token has its own key.',
});

const addressList = 'a list of one address or more\nWrite urls: and one address a line, each after a hyphen.';

const urls = z.array(address, { error: addressList }).min(1, { error: addressList }).register(fieldTexts, {
  description: 'The HTTPS URLs of the repositories, as you would give them to `git clone`.',
});

const username = optionalText({
  description: 'The user name that goes with the token. Default: `git`.',
  pattern: /^[^\s:]+$/,
  form: 'a user name, without spaces and colons',
  fix: 'Write username: jane, for example.',
});

const gitKeys = {
  host: z.literal('git').register(fieldTexts, { description: 'The kind of git host.' }),
  urls,
  username,
  token: bareSecret().optional().register(fieldTexts, {
    description:
      'The password or token for these addresses, as a reference to where it is stored. Default: none is sent.',
  }),
};

/** Whose repositories are mirrored, and which of them. */
export const sourceSchemas = [
  z.strictObject({ ...gitHubKeys, ...rules, archived, forks }),
  z.strictObject({ ...gitLabKeys, ...rules, archived, forks }),
  // Bitbucket Cloud has no archived repositories.
  z.strictObject({ ...bitbucketKeys, ...rules, forks }),
  z.strictObject({ ...bitbucketServerKeys, ...rules, archived, forks }),
  z.strictObject({ ...codeCommitKeys, ...rules }),
  z.strictObject({ ...gitKeys, ...rules }),
] as const;

export type SourceConfiguration = z.output<(typeof sourceSchemas)[number]>;
