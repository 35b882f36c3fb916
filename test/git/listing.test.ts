import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirrorError } from '../../src/errors';
import { readText } from './listings';

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];

describe('a listing', () => {
  it('gives branches, tags as they are, and the default branch; nothing else', () => {
    const text = [
      'ref: refs/heads/main\tHEAD',
      `${a}\tHEAD`,
      `${a}\trefs/heads/main`,
      `${b}\trefs/heads/refs/heads/main`,
      `${a}\trefs/pull-requests/1/from`,
      `${a}\trefs/remotes/origin/main`,
      `${b}\trefs/tags/v1`,
      `${a}\trefs/tags/v1^{}`,
      '',
    ].join('\n');
    expect(readText(text)).toEqual({
      refs: new Map([
        ['refs/heads/main', a],
        ['refs/heads/refs/heads/main', b],
        ['refs/tags/v1', b],
      ]),
      head: 'refs/heads/main',
    });
  });

  it('gives nothing for an empty repository', () => {
    expect(readText('')).toEqual({ refs: new Map(), head: undefined });
  });

  it.each([
    ['text', 'Welcome to the captive portal'],
    ['a short object ID', `${a.slice(1)}\trefs/heads/main`],
    ['a SHA-256 object ID', `${'a'.repeat(64)}\trefs/heads/main`],
    ['a ref that git would refuse', `${a}\trefs/heads/../../config`],
    ['an escape sequence', `${a}\trefs/heads/\u001b[2Jx`],
    ['an option', `${a}\trefs/heads/x:refs/heads/y`],
  ])('refuses a listing with %s', (_title, line) => {
    expect(() => readText(`${b}\trefs/heads/ok\n${line}\n`)).toThrow(MirrorError);
  });

  it('reads any text or refuses it with an error of ours', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(`${a}\trefs/heads/x`, 'ref: refs/heads/x\tHEAD', `${a}\t`, '\t'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          for (const ref of readText(lines.join('\n')).refs.keys())
            expect(ref).toMatch(/^refs\/(heads|tags)\/[^\p{Cc} :~^?*[\\]+$/u);
        } catch (error) {
          expect(error).toBeInstanceOf(MirrorError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
