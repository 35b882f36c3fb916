import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirrorError } from '../../../src/errors';
import { createContext, listAll } from './context';
import { rigs } from './rigs';

const statuses = [200, 201, 204, 301, 302, 400, 401, 402, 403, 404, 409, 410, 418, 422, 429, 451, 500, 503];
const links = [
  '<http://[::',
  '<x>; rel="next"',
  '<https://evil.example/a?page=2>; rel="next"',
  '<?page=x>; rel="last"',
  ';;,',
];
const headers = fc.record(
  {
    Link: fc.constantFrom(...links),
    Location: fc.constantFrom('http://[::', '//', '/api/v3/x', 'https://evil.example/', '?page=2'),
    'Retry-After': fc.constantFrom('-1', '1e9', 'soon', '99999999999999', ''),
    'X-RateLimit-Remaining': fc.constantFrom('0', '-1', 'x'),
    'X-RateLimit-Reset': fc.constantFrom('0', '99999999999999999', 'x'),
    'X-Total': fc.constantFrom('-1', '3', 'NaN', '99999999999999999999'),
    'X-GitHub-SSO': fc.constantFrom('required', 'partial-results'),
  },
  { requiredKeys: [] },
);

/** A true answer with one of its values replaced by another. */
function spoil(value: unknown, place: number, by: unknown): unknown {
  let count = 0;
  const walk = (node: unknown): unknown => {
    count += 1;
    if (count - 1 === place) return by;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, walk(each)]));
  };
  return walk(value);
}

describe.each(rigs)('%s, whatever it answers,', (_name, openRig) => {
  it('leads to a result or to an error with a code', { tags: ['slow'] }, async () => {
    await using rig = await openRig();
    const stored = rig.add('app', { description: 'x' });
    const open = () => rig.open(createContext({ answerMilliseconds: 2_000 }));
    const { tokenText } = await import('./rigs');
    await open().findByName('app');
    const [, path = ''] = /^GET (.*)$/.exec(rig.server.requests.at(-1) ?? '') ?? [];
    const truth = await fetch(`${rig.server.url}${path}`, {
      headers: { Authorization: `Bearer ${tokenText}` },
    });
    const one: unknown = await truth.json();
    const pages = [
      one,
      [one],
      { values: [one], isLastPage: true, size: 1 },
      { values: [one], next: 'http://[::' },
    ];
    const body = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(
          fc.constantFrom(...pages),
          fc.nat(60),
          fc.oneof(fc.jsonValue(), fc.constantFrom('http://[::', '//', 'x', '')),
        )
        .map(([page, place, by]) => spoil(page, place, by)),
    );
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...statuses), body, headers, async (status, answer, more) => {
        rig.server.faults.splice(0, 1, { status, body: answer, headers: more });
        const host = open();
        const works = [
          listAll(host),
          open().find(rig.expected(stored).identity),
          open().findByName('app'),
          open().create({ name: 'new', description: 'x' }),
          open().hooks?.install('owner', { url: 'https://mirror.example.com/', secret: 'x' }),
        ];
        for (const outcome of await Promise.allSettled(works)) {
          const isKnown = outcome.status === 'fulfilled' || outcome.reason instanceof MirrorError;
          if (!isKnown) throw outcome.reason;
          ended += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(ended).toBe(1_500);
  });
});
