import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { createGit } from '../../src/git/git';
import { isLfsInUse, isPointerSized, parsePointer } from '../../src/lfs/pointer';
import { scanHistory } from '../../src/objects/scanHistory';
import { openFolder } from '../servers/folder';
import { createBareRepository, git, gitEnvironment, run } from '../servers/git';
import { toOid, toPointer } from '../servers/lfs';

const oid = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393';
const v1 = 'version https://git-lfs.github.com/spec/v1';
const found = { oid, bytes: 12_345 };

describe('a pointer of Git LFS', () => {
  test.each([
    ['as the specification shows it', `${v1}\noid sha256:${oid}\nsize 12345\n`],
    ['without its last line end', `${v1}\noid sha256:${oid}\nsize 12345`],
    ['with line ends of Windows', `${v1}\r\noid sha256:${oid}\r\nsize 12345\r\n`],
    [
      'with an extension',
      `${v1}\next-0-foo sha256:${oid.replace('4', '5')}\noid sha256:${oid}\nsize 12345\n`,
    ],
    ['of an early version', `version https://hawser.github.com/spec/v1\noid sha256:${oid}\nsize 12345\n`],
    ['of the first version', `version http://git-media.io/v/2\noid sha256:${oid}\nsize 12345\n`],
  ])('is read %s', (_name, text) => {
    expect(parsePointer(text)).toEqual(found);
    expect(isPointerSized({ oid: '', path: '', pathBytes: 0, bytes: text.length }, true)).toBe(true);
  });

  test.each([
    ['a text about one', `See:\n${v1}\noid sha256:${oid}\nsize 12345\n`],
    ['one with more below', `${v1}\noid sha256:${oid}\nsize 12345\nand so on\n`],
    ['another version', `version https://example.com/v1\noid sha256:${oid}\nsize 12345\n`],
    ['another algorithm', `${v1}\noid md5:${oid}\nsize 12345\n`],
    ['an object ID in capitals', `${v1}\noid sha256:${oid.toUpperCase()}\nsize 12345\n`],
    ['a negative size', `${v1}\noid sha256:${oid}\nsize -1\n`],
    ['an empty file', ''],
  ])('is not %s', (_name, text) => {
    expect(parsePointer(text)).toBeUndefined();
  });
});

test.each([
  ['*.bin filter=lfs diff=lfs merge=lfs -text\n', true],
  ['# comment\n*.txt text\n"a b.bin" filter=lfs', true],
  ['*.bin\tfilter=lfs\r\n', true],
  ['# *.bin filter=lfs\n', false],
  ['*.bin filter=lfs-other\n', false],
  ['*.bin -filter\n', false],
])('attributes %j tell of Git LFS: %s', (text, isInUse) => {
  expect(isLfsInUse(text)).toBe(isInUse);
});

describe('the survey of a history', () => {
  async function survey(files: Readonly<Record<string, string>>) {
    await using folder = await openFolder();
    const repository = await createBareRepository(join(folder.path, 'r.git'));
    const entries = Object.entries(files).map(
      ([path, text]) =>
        `M 100644 inline ${JSON.stringify(path)}\ndata ${Buffer.byteLength(text, 'latin1')}\n${text}\n`,
    );
    const head = 'commit refs/heads/main\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 1\nx\n';
    await writeFile(join(folder.path, 'stream'), `${head}${entries.join('')}`, 'latin1');
    const importing = ['-c', 'git fast-import --quiet < ../stream'];
    expect(await run('sh', repository, importing)).toMatchObject({ exitCode: 0 });
    const tip = await git(repository, 'rev-parse', 'main');
    const { signal } = new AbortController();
    const runner = createGit({ directory: repository, env: gitEnvironment(), signal });
    const { lfs } = await scanHistory({ tips: [tip], known: [] }, undefined, runner);
    return (
      lfs && {
        paths: lfs.paths,
        objects: Object.fromEntries(lfs.pointers.map((one) => [one.oid, one.bytes])),
      }
    );
  }
  /** UTF-8 as the bytes that the stream is made of. */
  const toBytes = (text: string) => Buffer.from(text).toString('latin1');

  it('finds pointers among files of their size that are no text, or that look like the output of git', async () => {
    const path = `d\u2028\u00e9\r${'a'.repeat(40)} blob 130 e`;
    const use = await survey({
      a: `${'a'.repeat(40)} blob 12\n${v1}\n`.padEnd(130, '\xff'),
      b: toPointer('b'),
      c: '\n'.repeat(120),
      [toBytes(path)]: toPointer('d'.repeat(2_000)),
      e: toPointer('b'),
    });
    expect(use).toEqual({
      paths: ['b', path],
      objects: { [toOid('b')]: 1, [toOid('d'.repeat(2_000))]: 2_000 },
    });
  });

  it('finds pointers with extensions once attributes or another pointer told of Git LFS', async () => {
    const extended = `${v1}\next-0-case sha256:${toOid('x')}\noid sha256:${oid}\nsize 12345\n`;
    expect(await survey({ 'a.bin': extended, '.gitattributes': '*.bin filter=lfs\n' })).toEqual({
      paths: ['a.bin'],
      objects: { [oid]: 12_345 },
    });
  });

  it('gives nothing where there is nothing of Git LFS, and no pointers where there are attributes alone', async () => {
    expect(await survey({ '.gitattributes': '*.txt text\n', a: 'x'.repeat(130) })).toBeUndefined();
    expect(await survey({ 'sub/.gitattributes': '*.bin filter=lfs\n', a: 'x'.repeat(130) })).toEqual({
      paths: [],
      objects: {},
    });
  });

  it('reads more files than one git is given at once', async () => {
    const files = Array.from({ length: 9_000 }, (_, index) => [`f${index}`, toPointer(`${index}`)]);
    const use = await survey(Object.fromEntries(files));
    expect(Object.keys(use?.objects ?? {})).toHaveLength(9_000);
    expect(use?.paths).toHaveLength(5);
  });
});
