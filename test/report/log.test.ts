import { describe, expect, it } from 'vitest';
import { createCleaner, createLog, isColourSeen } from '../../src/report/log';
import { createTransferListener } from '../../src/report/progress';

function open(options: { isTTY?: boolean; columns?: number; colour?: boolean; debug?: boolean } = {}) {
  const written: string[] = [];
  const clock = { now: 0 };
  const cleaner = createCleaner();
  const { isTTY, columns } = options;
  const stream = { write: (text: string) => written.push(text), isTTY, columns };
  const log = createLog({ stream, colour: false, debug: false, ...options, cleaner, now: () => clock.now });
  return { log, written, clock, cleaner };
}

describe('createLog', () => {
  it('writes the label before a text, and sets its further lines in', () => {
    const { log, written } = open();
    log.info('one\ntwo');
    log.success('done');
    log.failure('no');
    log.debug('unseen');
    expect(written).toEqual(['INFO: one\n', '  two\n', '✔ done\n', '✖ no\n']);
  });

  it('colours the label alone', () => {
    const { log, written } = open({ colour: true });
    log.success('done');
    expect(written).toEqual(['\u001b[32m✔\u001b[39m done\n']);
  });

  it('masks secrets, longest first, and those that are learnt later too', () => {
    const { log, written, cleaner } = open();
    cleaner.conceal(['a-secret', '']);
    cleaner.conceal(['a-secret-and-more']);
    log.info('a-secret-and-more, a-secret');
    expect(written).toEqual(['INFO: ******, ******\n']);
  });

  it('remembers the last thousand of those that are valid for minutes, and the others for ever', () => {
    const { log, written, cleaner } = open();
    cleaner.conceal(['a-lasting-secret']);
    for (let number = 0; number < 1_001; number++) cleaner.conceal([`signature-${number}.`], true);
    log.info('a-lasting-secret, signature-0., signature-1., signature-1000.');
    expect(written).toEqual(['INFO: ******, signature-0., ******, ******\n']);
  });

  it('masks nothing shorter than 8 characters: a password `main` must not hide the branch', () => {
    const { log, written, cleaner } = open();
    cleaner.conceal(['main', '1234567', '12345678']);
    log.info('main 1234567- 12345678');
    expect(written).toEqual(['INFO: main 1234567- ******\n']);
  });

  it("lets nothing of a server's text move the terminal", () => {
    const { log, written } = open();
    log.info('a\u001b[2Jb\rc\u0007d\u202ee\u009bf');
    expect(written).toEqual(['INFO: a[2Jbcdef\n']);
  });

  it('writes progress every five seconds in a log', () => {
    const { log, written, clock } = open();
    for (const second of [1, 4, 5, 6, 9.9, 10]) {
      clock.now = second * 1_000;
      log.progress(`${second}`);
    }
    expect(written).toEqual(['INFO: 5\n', 'INFO: 10\n']);
  });

  it('rewrites progress in place on a terminal, and clears it before the next line', () => {
    const { log, written } = open({ isTTY: true });
    log.progress('1 %');
    log.progress('2 %');
    log.info('next');
    expect(written).toEqual(['\r\u001b[2K1 %', '\r\u001b[2K2 %', '\r\u001b[2K', 'INFO: next\n']);
  });
});

describe('progress on a terminal', () => {
  it.each([
    [80, 79],
    [40, 39],
    [undefined, 79],
    // A terminal that does not tell its width.
    [0, 79],
  ])('of %s columns never wraps: a second line could not be taken back', (columns, length) => {
    const { log, written } = open({ isTTY: true, ...(columns !== undefined && { columns }) });
    log.progress(
      `Pushing to the destination: Writing objects: 100% (1234567/1234567), 1.20 GiB | ${'x'.repeat(200)}`,
    );
    log.progress('short');
    expect(written.map((text) => text.replace('\r\u001b[2K', '').length)).toEqual([length, 5]);
  });
});

describe('isColourSeen', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1' }, true, false],
  ])('%j where colours are shown: %s → %s', (env, showsColour, expected) => {
    expect(isColourSeen(env, showsColour)).toBe(expected);
  });
});

describe('createTransferListener', () => {
  it("tells git's newest progress, however its text is cut", () => {
    const { log, written } = open({ isTTY: true });
    const listen = createTransferListener('Pushing', log);
    listen('Enumerating objects: 5, done.\nWriting obj');
    listen('ects:  10% (1/10)\rWriting objects:  20% (2/10)\rWriting');
    listen(' objects:  30% (3/10)\nremote: hello\n');
    expect(written.map((text) => text.replace('\r\u001b[2K', ''))).toEqual([
      'Pushing: Writing objects:  20% (2/10)',
      'Pushing: Writing objects:  30% (3/10)',
    ]);
  });
});
