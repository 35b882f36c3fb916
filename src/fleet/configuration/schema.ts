import * as z from 'zod';
import { destinationSchemas } from './destination';
import { checkedText, choice, count, fieldTexts, flag, list, text } from './fields';
import { sourceSchemas } from './source';

const refPattern = checkedText({
  isValid: (value) => !/[\s\p{Cc}]/u.test(value),
  form: "a pattern of refs, such as 'release/*' or 'refs/tags/v*'",
  fix: "Write the pattern in quotes and without spaces: 'release/*'.",
});

const patternList = (key: string, description: string) =>
  list({
    item: refPattern,
    description,
    form: "a list of patterns, such as ['release/*']",
    fix: `Write ${key}: ['release/*'], with square brackets, or one pattern a line, each after a hyphen.`,
  });

/** Which branches and tags of each repository are mirrored. */
export const refsSchema = z.strictObject({
  include: patternList(
    'include',
    'Patterns of the only branches and tags that are mirrored, as in `bitbucket-pipelines.yml`: `release/*`, `**/hotfix`, `{main,develop}`. A pattern that begins with `refs/` is compared with the whole name of the ref. Default: all of them.',
  ),
  exclude: patternList(
    'exclude',
    'Patterns of branches and tags that are excluded. What is excluded is never pruned either.',
  ),
});

const refs = refsSchema
  .default({ include: [], exclude: [] })
  .register(fieldTexts, { description: 'Which branches and tags are mirrored. Default: all of them.' });

const timeoutDescription = 'Minutes after which the run of one repository is stopped.';

const timeout = count({ key: 'timeout_minutes', least: 1, most: 9999 });

const from = z
  .discriminatedUnion('host', sourceSchemas)
  .register(fieldTexts, { description: 'The source: a host, and whose repositories there are mirrored.' });

const to = z.discriminatedUnion('host', destinationSchemas).register(fieldTexts, {
  description: 'The destination. Missing repositories are created, always private.',
});

/** One mirror: every repository of an owner, to one place. */
export const mirrorSchema = z
  .strictObject({
    name: text({
      description: 'Your name for this mirror: the command line, the log and the state use it.',
      pattern: /^[A-Za-z0-9][\w.-]{0,63}$/,
      form: 'a name of 1 to 64 letters, digits and . _ -, that begins with a letter or a digit',
      fix: 'Write name: github-acme, for example.',
    }),
    from,
    to,
    refs,
    force: flag(
      'force',
      'Lets a branch or tag that was rewritten at the source be rewritten at the destination. Default: `false`.',
      false,
    ),
    prune: flag(
      'prune',
      'Deletes branches and tags at the destination that the source no longer has. Default: `false`.',
      false,
    ),
    prune_limit: count({
      key: 'prune_limit',
      least: 0,
      most: 999_999_999,
    })
      .default(10)
      .register(fieldTexts, {
        description:
          'If `prune` would delete more refs of one repository than this, nothing is pushed to it. Default: 10.',
      }),
    backup: flag(
      'backup',
      'Keeps every tip that `force` replaces or `prune` deletes, as a branch of the destination under `mirror-backup/<time>/`. Default: `false`.',
      false,
    ),
    lfs: choice(
      'lfs',
      ['warn', 'fail', 'push'],
      'warn',
      'What to do about Git LFS files, which a git push does not send: `warn` mirrors and reports what is missing, `fail` stops before the push, `push` sends the files first, if the destination accepts them. Default: `warn`.',
    ),
    timeout_minutes: timeout
      .optional()
      .register(fieldTexts, { description: `${timeoutDescription} Default: the value for the whole file.` }),
  })
  .register(fieldTexts, { description: 'One mirror: every repository of an owner, to one place.' });

/** The whole of mirrors.yaml. */
export const fileSchema = z.strictObject({
  mirrors: z
    .array(mirrorSchema, { error: 'a list of mirrors\nWrite mirrors: and, below it, - name: github-acme.' })
    .min(1, { error: 'a list of one mirror or more\nWrite mirrors: and, below it, - name: github-acme.' })
    .register(fieldTexts, { description: 'The mirrors.' }),
  concurrency: count({ key: 'concurrency', least: 1, most: 64 }).default(4).register(fieldTexts, {
    description: 'How many repositories are mirrored at the same time. Default: 4.',
  }),
  concurrency_per_host: count({ key: 'concurrency_per_host', least: 1, most: 64 })
    .default(4)
    .register(fieldTexts, {
      description:
        'How many of them may use the same host at the same time, as source or as destination. Each region of CodeCommit is a host of its own. Default: 4.',
    }),
  timeout_minutes: timeout
    .default(110)
    .register(fieldTexts, { description: `${timeoutDescription} Default: 110.` }),
});

export type FileConfiguration = z.output<typeof fileSchema>;
