import { expect, test } from 'vitest';
import { parseMessage, toGroup } from '../../../../src/fleet/aws/resources/message';

test('a message of another version or form is none', () => {
  const message = {
    version: 1,
    place: { mirror: 'm', identity: 'codecommit.us-east-1#1', path: 'app' },
    reason: 'event',
    id: '1',
    continued: 0,
  };
  expect(parseMessage(JSON.stringify(message))).toEqual(message);
  for (const body of ['', '{}', 'null', JSON.stringify({ ...message, version: 2 })])
    expect(parseMessage(body)).toBeUndefined();
});

test('a group is one that SQS takes, whatever the identity', () => {
  expect(toGroup({ mirror: 'm', identity: 'github.com#1' })).toBe('m/github.com#1');
  for (const identity of [`git.example.com#${'x'.repeat(200)}`, 'git.example.com#größe']) {
    const group = toGroup({ mirror: 'm', identity });
    expect(group).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(group).toBe(toGroup({ mirror: 'm', identity }));
    expect(group).not.toBe(toGroup({ mirror: 'n', identity }));
  }
});
