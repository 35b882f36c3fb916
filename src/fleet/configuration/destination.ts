import * as z from 'zod';
import { bareText, checkedText, fieldTexts, list } from './fields';
import { bitbucketKeys, bitbucketServerKeys, codeCommitKeys, gitHubKeys, gitLabKeys } from './hosts';

const repository = bareText({
  pattern:
    /^(?:[\w.-]|\{(?:owner|group|name|slug)\})*\{(?:name|slug)\}(?:[\w.-]|\{(?:owner|group|name|slug)\})*$/,
  form: 'a name with {name} or {slug} in it; beside these, {owner}, {group}, letters, digits and . _ - are taken',
  fix: "Write repository: 'acme-{name}', for example, in quotes.",
})
  .default('{slug}')
  .register(fieldTexts, {
    description:
      'The name of each mirror, made of `{owner}`, `{group}`, `{name}` and `{slug}`. Default: `{slug}`, the name, after the groups below the owner: `<group>.<name>`.',
  });

const names = z
  .record(
    z.string(),
    z.string({ error: "a name of the destination\nWrite names: { 'acme/app': app-new }, for example." }),
    {
      error: "a map of source repositories to names\nWrite names: { 'acme/app': app-new }, for example.",
    },
  )
  .default({})
  .register(fieldTexts, {
    description:
      'Names for single repositories, in place of `repository`: the `owner/name` of the source, as the preview shows it, and its name at the destination. It counts before the mirror is made: later its name stays.',
  });

const adopt = list({
  item: checkedText({
    isValid: (value) => !/[\s/]/.test(value),
    form: 'the name of a repository of the destination, without its owner',
    fix: 'Write adopt: [app], for example.',
  }),
  description:
    'Names of repositories at the destination that were made by somebody else and may be taken over, whatever they hold. Without this, only an empty one is.',
  form: 'a list of names',
  fix: 'Write adopt: [app], for example.',
});

const naming = { repository, names, adopt };

/** Where the mirrors are, and how they are named. */
export const destinationSchemas = [
  z.strictObject({ ...gitHubKeys, ...naming }),
  z.strictObject({ ...gitLabKeys, ...naming }),
  z.strictObject({ ...bitbucketKeys, ...naming }),
  z.strictObject({ ...bitbucketServerKeys, ...naming }),
  z.strictObject({ ...codeCommitKeys, ...naming }),
] as const;

export type DestinationConfiguration = z.output<(typeof destinationSchemas)[number]>;
