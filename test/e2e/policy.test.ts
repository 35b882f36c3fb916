import { git, grow } from '../servers/git';
import { type Case, runCase } from './cases';
import { growSource, type Revisions, tagAnnotated, whole } from './scene';
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
const all = { REFS: 'all' };
const prune = { ...all, PRUNE: 'true' };
const force = { ...all, FORCE: 'true' };
const dry = { DRY_RUN: 'true' };

/** Rewrites, at the source, a branch and a tag of each kind. */
async function rewrite(world: World): Promise<void> {
  await growSource(world);
  await git(world.source, 'branch', 'was', 'feature/one');
  await grow(world.source, 'feature/one', { from: 'refs/heads/main~1' });
  await git(world.source, 'tag', '--force', 'light', 'main~1');
  await tagAnnotated(world.source, 'v1', 'main');
}

/** The mirror before that rewriting. */
const rewritten: Revisions = {
  ...whole,
  'heads/was': 'heads/was',
  'heads/feature/one': 'heads/was',
  'tags/light': 'heads/main~2',
  'tags/v1': 'heads/main~5',
};
const replaced: Revisions = { ...whole, 'heads/was': 'heads/was' };

const cases: readonly Case[] = [
  {
    title: 'all, to nothing: every branch and tag, and nothing else that the source has',
    source: async (world) => {
      await growSource(world);
      await git(world.source, 'update-ref', 'refs/pull-requests/1/from', 'refs/heads/main~1');
      await git(world.source, 'update-ref', 'refs/notes/commits', 'refs/heads/main~1');
      await git(world.source, 'update-ref', 'refs/remotes/origin/x', 'refs/heads/main~1');
    },
    variables: all,
    after: whole,
    fetches: true,
  },
  {
    title: 'all, to the mirror of a while ago: what only the mirror has is kept',
    variables: all,
    there: old,
    says: /Only at the destination, kept \(PRUNE is false\): gone, gone, gone-annotated\n/,
    after: { ...old, ...whole },
  },
  {
    title: 'all, to an equal mirror: nothing to do, one look',
    variables: all,
    there: whole,
    says: 'Nothing to do: 3 branches and 3 tags are equal at source and destination',
    fetches: false,
  },
  {
    title: 'all, from a full clone: nothing is fetched',
    clone: { kind: 'full' },
    variables: all,
    after: whole,
    fetches: false,
  },
  {
    title: 'all, from the clone of a pull request',
    clone: { kind: 'pull-request', branch: 'feature/one' },
    variables: all,
    after: whole,
  },
  {
    title: 'all, from the clone of a tag',
    clone: { kind: 'tag', tag: 'v1' },
    variables: { ...all, ...prune },
    there: old,
    after: whole,
  },
  {
    title: 'an emptied source wipes nothing',
    variables: prune,
    there: whole,
    meanwhile: async ({ source, sourceRefs }) => {
      for (const ref of Object.keys(await sourceRefs())) await git(source, 'update-ref', '-d', ref);
    },
    exitCode: 1,
    says: '[source-empty]',
  },
  {
    title: 'diverged without FORCE: the others are pushed, both tips are named',
    variables: all,
    there: { ...whole, 'heads/main': 'heads/main~20', 'heads/release/1.0': 'heads/main~65' },
    rivals: ['main'],
    exitCode: 1,
    says: /branch main: [0-9a-f]{8} → [0-9a-f]{8} kept \(the destination has commits .*\[ref-diverged\]/,
    after: { ...whole, 'heads/main': 'there:heads/main' },
  },
  {
    title: 'diverged with FORCE: replaced, the lost tip stands in the log',
    variables: force,
    there: { ...whole, 'heads/main': 'heads/main~20' },
    rivals: ['main'],
    says: /branch main: ([0-9a-f]{8}) → [0-9a-f]{8} forced, was \1[0-9a-f]{32}\n/,
    after: whole,
  },
  {
    title: 'rewritten at the source without FORCE: branch and tags are kept',
    source: rewrite,
    variables: all,
    there: rewritten,
    exitCode: 1,
    says: /✖\S* Not mirrored: feature\/one, light, v1; nothing changed/,
  },
  {
    title: 'rewritten at the source with FORCE: branch and tags are replaced',
    source: rewrite,
    variables: force,
    there: rewritten,
    says: '3 forced',
    after: replaced,
  },
  {
    title: 'rewritten at the source with FORCE, from a full clone',
    source: rewrite,
    clone: { kind: 'full' },
    variables: force,
    there: rewritten,
    after: replaced,
  },
  {
    title: 'a branch that went back with FORCE: it goes back there too',
    variables: { ...force, INCLUDE: 'main' },
    there: whole,
    meanwhile: ({ source }) => git(source, 'update-ref', 'refs/heads/main', 'refs/heads/main~4'),
    says: '1 forced',
    after: whole,
  },
  {
    title: 'current and diverged, without FORCE',
    there: { 'heads/main': 'heads/main~3' },
    rivals: ['main'],
    exitCode: 1,
    says: '[ref-diverged]',
  },
  {
    title: 'current and diverged, with FORCE',
    variables: { FORCE: 'true' },
    there: { 'heads/main': 'heads/main~3' },
    rivals: ['main'],
    after: { 'heads/main': 'heads/main' },
  },
  {
    title: 'current, a moved tag without FORCE',
    source: rewrite,
    clone: { kind: 'tag', tag: 'light' },
    there: rewritten,
    exitCode: 1,
    says: '[ref-diverged]',
  },
  {
    title: 'current, a moved tag with FORCE',
    source: rewrite,
    clone: { kind: 'tag', tag: 'v1' },
    variables: { FORCE: 'true' },
    there: rewritten,
    after: { ...rewritten, 'tags/v1': 'tags/v1' },
  },
  {
    title: 'DRY_RUN of all that there is to do: the plan, and nothing pushed',
    source: rewrite,
    variables: { ...force, ...prune, ...dry },
    there: { ...rewritten, 'heads/gone': 'heads/main', 'heads/main': 'heads/main~1' },
    says: /Dry run: nothing was pushed; a run would make these changes: 1 fast-forward, 3 forced, 1 deleted/,
  },
  {
    title: 'DRY_RUN to nothing',
    variables: dry,
    says: /Dry run: nothing was pushed; a run would make these changes: 1 new/,
  },
  {
    title: 'DRY_RUN that finds what could not be mirrored',
    variables: { ...all, ...dry },
    there: whole,
    rivals: ['main'],
    exitCode: 1,
    says: /Dry run: nothing was pushed; a run would not mirror main/,
  },
];

describeServers(allServerNames, 'a policy over %s:', (server) => {
  testCases(cases, (expected) => runCase(server, expected));
});
