import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planBatches } from '../../src/plan/batches';
import { codeCommitNameLimits } from '../../src/plan/limits';
import { planMirror, type RefPush, toPushes } from '../../src/plan/plan';
import { excludeNames, excludeUnwritable } from '../../src/plan/refNameConflicts';
import { createBareRepository, git, gitWith, grow, readRefs, tryGit } from '../servers/git';

const long = 'l'.repeat(251);
/** Two parts of one name, so that no file's name is too long. */
const toName = (characters: number) => `${'p'.repeat(200)}/${'q'.repeat(characters - 201)}`;
const names = [
  'heads/team',
  'heads/team/x',
  'heads/team/x/y',
  'heads/a',
  'tags/team',
  'tags/team/x',
  `heads/${long}`,
  `heads/${toName(256)}`,
  `heads/${toName(257)}`,
  `tags/${toName(257)}`,
  `heads/${'é'.repeat(120)}/${'q'.repeat(135)}`,
  `heads/${'a'.repeat(40)}`,
  `heads/${'a'.repeat(39)}`,
];
const refs = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 7 });

/** As CodeCommit declines branches (limits.html, "Branch names"), each by itself. */
const declineNames = `#!/bin/sh
LC_ALL=C.UTF-8
export LC_ALL
case $1$3 in *00000000000000000000 | refs/tags/*) exit 0 ;; esac
name=\${1#refs/heads/}
if [ "$(printf %s "$name" | wc -m)" -gt 256 ]; then exit 1; fi
if printf %s "$name" | grep -Eqx '[0-9a-fA-F]{40}'; then exit 1; fi
`;
const policies = fc.record({ force: fc.boolean(), prune: fc.boolean(), pruneLimit: fc.constant(10) });

/** Leaves out names that no repository has side by side, or at all: those behind them. */
function toRepositoryRefs(chosen: readonly string[], oid: string, limit: number): Map<string, string> {
  const kept: string[] = [];
  for (const name of chosen)
    if (name.length < limit && !kept.some((one) => one.startsWith(`${name}/`) || name.startsWith(`${one}/`)))
      kept.push(name);
  return new Map(kept.map((name) => [`refs/${name}`, oid]));
}

async function setRefs(repository: string, wanted: ReadonlyMap<string, string>): Promise<void> {
  const gone = Object.keys(await readRefs(repository)).map((ref) => `delete ${ref}\n`);
  const made = Array.from(wanted, ([ref, oid]) => `create ${ref} ${oid}\n`);
  for (const commands of [gone, made].filter((each) => each.length > 0))
    await gitWith({ input: commands.join('') }, repository, 'update-ref', '--stdin');
}

/** Pushes as git does by itself, one batch after the other; gives whether all of it succeeded. */
async function push(source: string, destination: string, pushes: readonly RefPush[]): Promise<boolean> {
  for (const batch of planBatches(pushes, {
    first: undefined,
    limits: { refs: 100 },
  })) {
    const refspecs = batch.map(({ ref, new: tip }) => `+${tip ?? ''}:${ref}`);
    const { exitCode } = await tryGit(source, ['push', '--quiet', destination, ...refspecs]);
    if (exitCode !== 0) return false;
  }
  return true;
}

test('what a plan calls possible succeeds at a real receive-pack, and what it calls impossible does not', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  try {
    const source = await createBareRepository(join(root, 's'));
    const destination = await createBareRepository(join(root, 'd'), {
      'receive.denyDeleteCurrent': 'ignore',
    });
    await writeFile(join(destination, 'hooks', 'update'), declineNames, { mode: 0o755 });
    const oid = await grow(source, 'main');
    await git(source, 'push', '--quiet', destination, 'main');
    const seen = { unwritable: 0, unsendable: 0 };
    await fc.assert(
      fc.asyncProperty(refs, refs, policies, async (atSource, atDestination, policy) => {
        const look = {
          source: toRepositoryRefs(atSource, oid, 1_000),
          destination: toRepositoryRefs(atDestination, oid, 200),
          defaultBranch: undefined,
        };
        await setRefs(destination, look.destination);
        const selection = { refs: 'all', include: [], exclude: [] } as const;
        const whole = planMirror(look, selection, new Set(), policy);
        const named = excludeNames(whole, codeCommitNameLimits);
        const plan = excludeUnwritable(named, look.destination, look.source);
        expect(await push(source, destination, toPushes(plan))).toBe(true);
        const expected = new Map(look.destination);
        for (const { ref, new: tip } of toPushes(plan)) if (tip === undefined) expected.delete(ref);
        for (const { ref, new: tip } of toPushes(plan)) if (tip !== undefined) expected.set(ref, tip);
        expect(await readRefs(destination)).toEqual(Object.fromEntries([...expected].sort()));
        for (const update of plan.updates) {
          if (update.action !== 'keep' || update.new === undefined) continue;
          if (update.because !== 'unwritable' && update.because !== 'unsendable') continue;
          seen[update.because]++;
          const { exitCode } = await tryGit(source, [
            'push',
            '--quiet',
            destination,
            `${update.new}:${update.ref}`,
          ]);
          expect([update.ref, exitCode]).not.toEqual([update.ref, 0]);
        }
      }),
      // A seed of its own: the counts below depend on it.
      { numRuns: 20, seed: 2026 },
    );
    expect(seen.unwritable).toBeGreaterThan(0);
    expect(seen.unsendable).toBeGreaterThan(0);
  } finally {
    await rm(root, { recursive: true });
  }
});
