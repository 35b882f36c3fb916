import { git } from '../servers/git';
import { type Case, runCase } from './cases';
import { growSource, type Revisions, whole } from './scene';
import { describeServers, testCases } from './servers';
import { allServerNames, type World } from './world';

/** The mirror of a while ago, with a branch and two tags that the source has deleted since. */
const old: Revisions = {
  ...whole,
  'heads/main': 'heads/main~20',
  'heads/gone': 'heads/main~30',
  'tags/gone': 'tags/light',
  'tags/gone-annotated': 'tags/v1',
};
const prune = { REFS: 'all', PRUNE: 'true' };

async function growManyTags(world: World): Promise<void> {
  await growSource(world);
  for (let index = 0; index < 12; index++) await git(world.source, 'tag', `t${index}`, 'main');
}

async function deleteTags({ source }: World, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `t${index}`);
  await git(source, 'tag', '--delete', ...names);
}

const twelve: Revisions = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [`tags/t${index}`, 'heads/main']),
);

const cases: readonly Case[] = [
  {
    title: 'all and PRUNE, from the clone of one branch: what the source deleted, and nothing else',
    variables: prune,
    there: old,
    says: '1 fast-forward, 3 deleted',
    after: whole,
  },
  {
    title: 'all and PRUNE with nothing to delete',
    variables: prune,
    there: { 'heads/main': 'heads/main' },
    after: whole,
  },
  {
    title: 'PRUNE of 10 refs, the limit: deleted',
    source: growManyTags,
    variables: prune,
    there: { ...whole, ...twelve },
    meanwhile: (world) => deleteTags(world, 10),
    says: '10 deleted',
    after: { ...whole, 'tags/t10': 'heads/main', 'tags/t11': 'heads/main' },
  },
  {
    title: 'PRUNE of 11 refs: nothing at all is pushed',
    source: growManyTags,
    variables: prune,
    there: { ...whole, ...twelve, 'heads/main': 'heads/main~1' },
    meanwhile: (world) => deleteTags(world, 11),
    exitCode: 1,
    says: /11 refs would be deleted, more than the limit of 10\. Nothing was pushed[\s\S]*raise PRUNE_LIMIT[\s\S]*\[prune-limit\]/,
  },
  {
    title: 'PRUNE of 11 refs with PRUNE_LIMIT 11: deleted',
    source: growManyTags,
    variables: { ...prune, PRUNE_LIMIT: '11' },
    there: { ...whole, ...twelve },
    meanwhile: (world) => deleteTags(world, 11),
    after: { ...whole, 'tags/t11': 'heads/main' },
  },
  {
    title: 'PRUNE with PRUNE_LIMIT 0: no deletion at all',
    variables: { ...prune, PRUNE_LIMIT: '0' },
    there: old,
    exitCode: 1,
    says: '[prune-limit]',
  },
  {
    title: 'PRUNE where the default branch of the destination is gone: named, kept, the others pushed',
    source: async (world) => {
      await growSource(world);
      await git(world.source, 'symbolic-ref', 'HEAD', 'refs/heads/release/1.0');
    },
    clone: { kind: 'branch', branch: 'feature/one' },
    variables: prune,
    there: old,
    meanwhile: async ({ source, destination }) => {
      await git(destination, 'symbolic-ref', 'HEAD', 'refs/heads/gone');
      await git(source, 'update-ref', 'refs/heads/new', 'refs/heads/main');
    },
    exitCode: 1,
    says: /branch gone: .*kept \(the default branch of the destination is not deleted.*\[default-branch-kept\]/,
    after: { ...whole, 'heads/new': 'heads/main', 'heads/gone': 'there:heads/gone' },
  },
];

describeServers(allServerNames, 'PRUNE over %s:', (server) => {
  testCases(cases, (expected) => runCase(server, expected));
});
