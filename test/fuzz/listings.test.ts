import fc from 'fast-check';
import { expect } from 'vitest';
import { MirrorError } from '../../src/errors';
import { readRawPackets, toPacket } from '../../src/git/pktLine';
import { isRefName } from '../../src/git/refName';
import { readReport } from '../../src/remote/pushing/report';
import { readText } from '../git/listings';
import { tryGit } from '../servers/git';
import { fuzz, mutated } from './mutate';

const [a, b] = ['a'.repeat(40), '0123456789'.repeat(4)];
const listings = [
  `ref: refs/heads/main\tHEAD\n${a}\tHEAD\n${a}\trefs/heads/main\n${b}\trefs/tags/v1\n${a}\trefs/tags/v1^{}\n`,
  `${a}\trefs/heads/feature/x\n${b}\trefs/pull-requests/1/from\n`,
];
const toReport = (...lines: string[]) => `${lines.map((line) => toPacket(`${line}\n`)).join('')}0000`;
const reports = [
  toReport('unpack ok', 'ok refs/heads/main', 'ng refs/heads/x failed to update ref'),
  toReport('unpack index-pack abnormal exit', 'ng refs/heads/main unpacker error'),
];

fuzz(
  'a listing is read whole or not at all, and no ref of it is one that git would refuse',
  async (inputs) => {
    const accepted = new Set<string>();
    fc.assert(
      fc.property(mutated(listings), (mutant) => {
        // As bytes, which have no half characters.
        const text = Buffer.from(mutant).toString();
        try {
          const { refs, head } = readText(text);
          for (const [ref, oid] of refs) {
            expect(ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/')).toBe(true);
            expect(text.includes(`${oid}\t${ref}`) && /^[0-9a-f]{40}$/.test(oid)).toBe(true);
            if (accepted.size < 5_000) accepted.add(ref);
          }
          expect(head === undefined || text.includes(`ref: ${head}\tHEAD`)).toBe(true);
          // Every line counts: as a ref, as a peeled tag, as HEAD, as something of another kind.
          const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('ref: '));
          for (const line of lines) expect(line).toMatch(/^[0-9a-f]{40}\t(HEAD|refs\/)/);
        } catch (error) {
          if (!(error instanceof MirrorError)) throw error;
        }
      }),
      inputs,
    );
    for (const ref of accepted) expect(isRefName(ref)).toBe(true);
  },
);

fuzz('our rule for names of refs is that of git', async (inputs) => {
  const names = fc.sample(mutated(['refs/heads/main', 'refs/tags/v1.0', 'refs/heads/a/b.c']), {
    ...inputs,
    // One git process a name.
    numRuns: Math.min(400, inputs.numRuns / 20),
  });
  for (const name of names) {
    // A process is given neither a zero nor half a character.
    if (/\0|\ufffd/.test(Buffer.from(name).toString()) || !name.startsWith('refs/')) continue;
    const { exitCode } = await tryGit('/', ['check-ref-format', name]);
    expect([name, isRefName(name)]).toEqual([name, exitCode === 0]);
  }
});

fuzz(
  'what a push reports is read whole or not at all, and done only where the server says so',
  async (inputs) => {
    const answer = async (text: string) => {
      async function* toPieces() {
        yield Buffer.from(text);
      }
      try {
        const report = await readReport(readRawPackets(toPieces()), false, () => undefined);
        if (report !== undefined) expect(text).toMatch(/unpack .*0000/s);
        for (const { ref, done } of report?.answers ?? [])
          expect(Buffer.from(text).toString()).toContain(`${done ? 'ok' : 'ng'} ${ref}`);
      } catch (error) {
        if (!(error instanceof MirrorError)) throw error;
      }
    };
    await fc.assert(fc.asyncProperty(mutated(reports), answer), inputs);
  },
);
