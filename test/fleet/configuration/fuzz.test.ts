import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfiguration } from '../../../src/fleet/configuration/configuration';
import { ConfigurationError } from '../../../src/fleet/configuration/errors';

const secret = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';

const whole = `mirrors:
  - name: one
    from: { host: gitlab, url: https://git.example.com, group: acme, token: ${secret}, match: '^a', exclude: [b] }
    to:
      host: github
      owner: acme
      token: '${secret}'
      names: { a/b: c }
    refs: { include: [main], exclude: ['x/*'] }
    prune_limit: 5
    lfs: push
concurrency: 3
`;

/** Pieces of the file itself, and what YAML has a meaning for. */
const piece = fc.oneof(
  fc.constantFrom(
    '\n',
    '  ',
    '\t',
    ': ',
    '- ',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '*',
    '&a ',
    '*a',
    '!!',
    '#',
    '|\n',
    '>',
    '---\n',
    '<<: ',
    'null',
    '1',
    'true',
    '\\',
    '\0',
    'é',
  ),
  fc.tuple(fc.nat(whole.length), fc.nat(40)).map(([from, length]) => whole.slice(from, from + length)),
);

/** Replaces a stretch of the text. */
const edit = fc.record({ at: fc.nat(whole.length), removed: fc.nat(20), piece });

const text = fc
  .array(edit, { maxLength: 4 })
  .map((edits) =>
    edits.reduce(
      (each, { at, removed, piece: added }) => each.slice(0, at) + added + each.slice(at + removed),
      whole,
    ),
  );

test('whatever the text is, it is taken, or told with places in it and without its secrets', () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ maxLength: 60 })), (given) => {
      try {
        parseConfiguration(given, 'mirrors.yaml');
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        expect(error.faults.length).toBeGreaterThan(0);
        const lines = given.split('\n');
        for (const { line, column, message, remedy } of error.faults) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
          expect(message).toMatch(/\.$/);
          expect(remedy).toMatch(/\.$/);
        }
        expect(`${error.message} ${error.remedy}`).not.toContain(secret);
      }
    }),
    { numRuns: 300 },
  );
});
