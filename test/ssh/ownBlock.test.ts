import { expect, it, test } from 'vitest';
import { removeOwnBlock, replaceOwnBlock } from '../../src/ssh/ownBlock';

const block = '# codecommit-mirror begin a\nold\n# codecommit-mirror end a\n';
const foreign = 'Host b\n  User me\n';

it('a block goes to the head of a file, in place of the one before it', () => {
  const expected = `# codecommit-mirror begin a\nnew\n# codecommit-mirror end a\n${foreign}`;
  for (const text of [foreign, `${foreign}${block}`, `${block}${foreign}${block}`])
    expect(replaceOwnBlock(text, 'a', 'new\n')).toBe(expected);
});

test.each([
  ['no block', foreign],
  ['the block of another name', foreign + block.replaceAll(' a\n', ' aa\n')],
  ['a block without an end', `# codecommit-mirror begin a\n${foreign}`],
  ['an end before the beginning', `# codecommit-mirror end a\n${foreign}# codecommit-mirror begin a\n`],
])('a text with %s stays as it is', (_what, text) => {
  expect(removeOwnBlock(text, 'a')).toBe(text);
});
