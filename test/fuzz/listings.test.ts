import fc from 'fast-check';
import { expect } from 'vitest';
import { MirrorError } from '../../src/errors';
import { isRefName } from '../../src/git/refName';
import { parsePorcelain } from '../../src/push/porcelain';
import { readText } from '../git/listings';
import { tryGit } from '../servers/git';
import { fuzz, mutated } from './mutate';

const [a, b] = ['a'.repeat(40), '0123456789'.repeat(4)];
const listings = [
  `ref: refs/heads/main\tHEAD\n${a}\tHEAD\n${a}\trefs/heads/main\n${b}\trefs/tags/v1\n${a}\trefs/tags/v1^{}\n`,
  `${a}\trefs/heads/feature/x\n${b}\trefs/pull-requests/1/from\n`,
];
const pushes = [
  `To ssh://host/v1/repos/app\n*\t${a}:refs/heads/main\t[new branch]\n \t${b}:refs/heads/x\taaaa..bbbb\nDone\n`,
  `To x\n!\t${a}:refs/heads/main\t[rejected] (stale info)\n-\t:refs/heads/y\t[deleted]\n+\t${a}:refs/tags/v\ta...b (forced update)\n`,
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

fuzz('what a push reports is read without a crash, and done only where the flag says so', (inputs) => {
  fc.assert(
    fc.property(mutated(pushes), (text) => {
      for (const { ref, done } of parsePorcelain(text)) {
        expect(text).toContain(`:${ref}\t`);
        const flags = text.split('\n').filter((line) => line.includes(`:${ref}\t`));
        expect(flags.some((line) => (line[0] !== '!') === done)).toBe(true);
      }
    }),
    inputs,
  );
});
