import fc from 'fast-check';
import { test } from 'vitest';

/** How many inputs a property is given; the seed is the same in each run, so that you can look into a failure. */
export interface Inputs {
  readonly numRuns: number;
  readonly seed: number;
}

const few: Inputs = { numRuns: 2_000, seed: 20_261_126 };
const many: Inputs = { numRuns: 30_000, seed: 20_261_121 };

/** Tests a property with 2,000 inputs in `npm test`, and with 100,000 others in `npm run test:all`. */
export function fuzz(title: string, hold: (inputs: Inputs) => void | Promise<void>): void {
  test(title, () => hold(few));
  test(`${title}: 30,000 inputs`, { tags: ['slow'] }, () => hold(many));
}

const noise = fc.constantFrom(
  ...[
    '\0',
    '\n',
    '\r',
    '\t',
    ' ',
    '"',
    "'",
    '\\',
    '/',
    '//',
    ':',
    '@',
    '-',
    '--',
    '%',
    '%00',
    '%0a',
    '$',
    '`',
    '*',
  ],
  ...[
    '?',
    '#',
    '[',
    ']',
    '..',
    '~',
    '^{}',
    '\u001b[2J',
    '\u0085',
    '\u2028',
    '\u202e',
    '\ufffd',
    '\ud800',
    'é',
    '𝄞',
  ],
  ...[
    'ref: ',
    'refs/heads/',
    '\tHEAD',
    '|1|',
    '@revoked ',
    'ssh-rsa ',
    'SHA256:',
    'ext::',
    'ssh://',
    '-----BEGIN ',
  ],
);

type Edit = readonly [at: number, length: number, text: string];

const edits = fc.array(
  fc.tuple(
    fc.nat(10_000),
    fc.nat(12),
    fc.oneof(noise, fc.constant(''), fc.string({ maxLength: 6, unit: 'binary' })),
  ),
  { maxLength: 4 },
);

function apply(sample: string, changes: readonly Edit[]): string {
  return changes.reduce((text, [at, length, put]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + put + text.slice(start + length);
  }, sample);
}

/** Valid samples with some pieces replaced, taken out or put in; now and then one as it is. */
export function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...samples), edits).map(([sample, changes]) => apply(sample, changes));
}
