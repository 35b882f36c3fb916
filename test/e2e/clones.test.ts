import { git, grow } from '../servers/git';
import { type Case, runCase } from './cases';
import { describeServers, testCases } from './servers';
import { allServerNames } from './world';

/** Clones that hold less than the run needs, or something else. */
const clones: readonly Case[] = [
  {
    title: 'a clone of depth 1 is enough for an update by one commit',
    clone: { kind: 'branch', depth: 1 },
    there: { 'heads/main': 'heads/main~1' },
    after: { 'heads/main': 'heads/main' },
    fetches: true,
  },
  {
    title: 'a clone of depth 1, and an empty destination',
    clone: { kind: 'branch', depth: 1 },
    after: { 'heads/main': 'heads/main' },
    fetches: true,
  },
  {
    title: 'a clone of depth 2 whose second commit the destination has: nothing is fetched',
    clone: { kind: 'branch', depth: 2 },
    there: { 'heads/main': 'heads/main~1' },
    after: { 'heads/main': 'heads/main' },
    fetches: false,
  },
  {
    title: 'the full clone of a pull request: nothing is fetched, and the merge commit stays here',
    clone: { kind: 'pull-request', branch: 'feature/one', depth: 'full' },
    there: { 'heads/main': 'heads/main' },
    after: { 'heads/main': 'heads/main', 'heads/feature/one': 'heads/feature/one' },
    fetches: false,
  },
  {
    title: 'a branch that was pushed to after the clone: its tip of now',
    there: { 'heads/main': 'heads/main~3' },
    meanwhile: ({ source }) => grow(source, 'main', { count: 2 }),
    after: { 'heads/main': 'heads/main' },
    fetches: true,
  },
  {
    title: 'a branch that was rewritten after the clone, to what the destination can take',
    there: { 'heads/main': 'heads/main~3' },
    meanwhile: ({ source }) => grow(source, 'main', { from: 'refs/heads/main~2' }),
    after: { 'heads/main': 'heads/main' },
    fetches: true,
  },
  {
    title: 'a branch that was deleted after the clone: nothing to do',
    clone: { kind: 'branch', branch: 'feature/one' },
    there: { 'heads/main': 'heads/main~3', 'heads/feature/one': 'heads/feature/one~1' },
    meanwhile: ({ source }) => git(source, 'update-ref', '-d', 'refs/heads/feature/one'),
    says: 'the source no longer has the ref of this run, and nothing was changed',
    fetches: false,
  },
  {
    title: 'a tag that was deleted after the clone: nothing to do',
    clone: { kind: 'tag', tag: 'light' },
    there: { 'heads/main': 'heads/main~3', 'tags/light': 'tags/light' },
    meanwhile: ({ source }) => git(source, 'tag', '--delete', 'light'),
    says: 'the source no longer has the ref of this run, and nothing was changed',
    fetches: false,
  },
  {
    title: 'a second run of the same branch: nothing to do, one look at the source',
    there: { 'heads/main': 'heads/main' },
    says: 'Nothing to do: 1 branch and 0 tags are equal at source and destination',
    fetches: false,
  },
  {
    title: 'a commit without branch or tag: a fault that names REFS all',
    variables: { BITBUCKET_BRANCH: undefined },
    there: { 'heads/main': 'heads/main~3' },
    exitCode: 2,
    says: /REFS is current, but this run is for a commit[\s\S]*Set REFS to all/,
  },
  {
    title: 'a commit without branch or tag, with REFS all',
    variables: { BITBUCKET_BRANCH: undefined, REFS: 'all', EXCLUDE: 'refs/tags/* release/*' },
    there: { 'heads/main': 'heads/main~3' },
    after: { 'heads/main': 'heads/main', 'heads/feature/one': 'heads/feature/one' },
  },
];

describeServers(allServerNames, 'REFS current over %s:', (server) => {
  testCases(clones, (expected) => runCase(server, expected));
});
