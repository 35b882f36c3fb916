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
      'The name of each mirror, from `{owner}`, `{group}`, `{name}` and `{slug}`. Default: `{slug}`, which is the name with the groups below the owner in front: `<group>.<name>`.',
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
      'Names for single repositories, instead of `repository`: the `owner/name` at the source, as the preview shows it, and the name at the destination. An entry has no effect once the mirror exists.',
  });

const adopt = list({
  item: checkedText({
    isValid: (value) => !/[\s/]/.test(value),
    form: 'the name of a repository of the destination, without its owner',
    fix: 'Write adopt: [app], for example.',
  }),
  description:
    'Names of repositories at the destination that somebody else created and that may be taken over, whatever they contain. Without this, only an empty repository is taken over.',
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
