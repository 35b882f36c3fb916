import { git, grow } from '../servers/git';
import { type Case, runCase } from './cases';
import { growSource, type Revisions, whole } from './scene';
import { describeServers, testCases } from './servers';
import { allServerNames } from './world';

const all = { REFS: 'all' };
/** The mirror of a while ago, with refs inside and outside of each pattern that the source has deleted since. */
const old: Revisions = {
  'heads/main': 'heads/main~20',
  'heads/feature/gone': 'heads/main~30',
  'heads/release/gone': 'heads/main~31',
  'tags/gone': 'tags/light',
};

const cases: readonly Case[] = [
  {
    title: 'INCLUDE of one branch: nothing but it',
    variables: { ...all, INCLUDE: 'main' },
    there: old,
    after: { ...old, 'heads/main': 'heads/main' },
  },
  {
    title: 'INCLUDE as a YAML list: X_COUNT, X_0, X_1',
    variables: { ...all, INCLUDE_COUNT: '2', INCLUDE_0: 'release/*', INCLUDE_1: 'refs/tags/v*' },
    there: old,
    after: {
      ...old,
      'heads/release/1.0': 'heads/release/1.0',
      'tags/v0': 'tags/v0',
      'tags/v1': 'tags/v1',
    },
  },
  {
    title: 'INCLUDE and PRUNE: what is not included is not pruned',
    variables: { ...all, INCLUDE: 'feature/*', PRUNE: 'true' },
    there: old,
    after: {
      'heads/main': 'there:heads/main',
      'heads/release/gone': 'there:heads/release/gone',
      'heads/feature/one': 'heads/feature/one',
      'tags/gone': 'tags/light',
    },
  },
  {
    title: 'EXCLUDE and PRUNE: what is excluded is neither pushed nor pruned',
    variables: { ...all, EXCLUDE: 'release/* refs/tags/*', PRUNE: 'true' },
    there: old,
    after: {
      'heads/main': 'heads/main',
      'heads/feature/one': 'heads/feature/one',
      'heads/release/gone': 'there:heads/release/gone',
      'tags/gone': 'tags/light',
    },
  },
  {
    title: 'EXCLUDE and FORCE: what is excluded may differ, and is equal to the policy',
    variables: { ...all, EXCLUDE: 'main', FORCE: 'true' },
    there: whole,
    rivals: ['main'],
    says: 'Nothing to do',
    fetches: false,
  },
  {
    title: 'INCLUDE and EXCLUDE together',
    variables: { ...all, INCLUDE: 'refs/tags/*', EXCLUDE: 'v*' },
    after: { 'tags/light': 'tags/light' },
  },
  {
    title: 'patterns that nothing matches: said, and nothing pruned',
    variables: { ...all, INCLUDE: 'relaese/*', PRUNE: 'true' },
    there: old,
    exitCode: 1,
    says: '[nothing-selected]',
  },
  {
    title: 'INCLUDE with REFS current: a fault',
    variables: { INCLUDE: 'main' },
    there: old,
    exitCode: 2,
    says: /INCLUDE is set, but REFS is current[\s\S]*\[variables-invalid\]/,
  },
  {
    title: 'PRUNE with REFS current: a fault',
    variables: { PRUNE: 'true' },
    there: old,
    exitCode: 2,
    says: /PRUNE is true, but REFS is current[\s\S]*\[variables-invalid\]/,
  },
  {
    title: 'a branch in the place of a folder that was pruned, and the other way round',
    source: async (world) => {
      await growSource(world);
      await grow(world.source, 'a', { from: 'refs/heads/main' });
      await grow(world.source, 'b/c', { from: 'refs/heads/main' });
    },
    variables: { ...all, PRUNE: 'true', INCLUDE: 'a a/** b b/** main' },
    there: { 'heads/main': 'heads/main', 'heads/a/x': 'heads/main', 'heads/b': 'heads/main' },
    after: { 'heads/main': 'heads/main', 'heads/a': 'heads/a', 'heads/b/c': 'heads/b/c' },
  },
  {
    title: 'a tag and a branch of one name',
    source: async (world) => {
      await growSource(world);
      await git(world.source, 'update-ref', 'refs/tags/main', 'refs/heads/main~7');
    },
    variables: { ...all, INCLUDE: 'main' },
    after: { 'heads/main': 'refs/heads/main', 'tags/main': 'refs/tags/main' },
  },
];

describeServers(allServerNames, 'INCLUDE and EXCLUDE over %s:', (server) => {
  testCases(cases, (expected) => runCase(server, expected));
});
