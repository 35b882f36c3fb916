import { describe, expect, test } from 'vitest';
import { findProxy } from '../src/http/proxy';
import { allOrNothing } from '../src/system/allOrNothing';

const proxy = { https_proxy: 'proxy.example.org:3128' };

describe('the proxy of a host', () => {
  test.each([
    ['git.example.org', {}, undefined],
    ['git.example.org', proxy, 'http://proxy.example.org:3128'],
    ['git.example.org', { HTTPS_PROXY: 'http://other:1' }, 'http://other:1'],
    ['git.example.org', { ...proxy, no_proxy: 'example.com, .example.org' }, undefined],
    ['git.example.org', { ...proxy, NO_PROXY: 'git.example.org' }, undefined],
    ['git.example.org', { ...proxy, no_proxy: '*' }, undefined],
    ['gitexample.org', { ...proxy, no_proxy: 'example.org' }, 'http://proxy.example.org:3128'],
    ['git.example.org', { ...proxy, no_proxy: '' }, 'http://proxy.example.org:3128'],
  ])('%s by %j → %s', (host, env, expected) => {
    expect(findProxy(host, env)?.origin).toBe(expected);
  });
});

describe('all or nothing', () => {
  test('gives all results', async () => {
    expect(await allOrNothing([async () => 1, async () => 'two'])).toEqual([1, 'two']);
  });

  test('stops the others when one fails, waits for their end, and throws the first failure', async () => {
    const events: string[] = [];
    const failing = allOrNothing([
      async () => {
        throw new Error('first');
      },
      (signal: AbortSignal) =>
        new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            events.push('stopped');
            setImmediate(() => {
              events.push('ended');
              reject(new Error('second'));
            });
          });
        }),
    ]);
    await expect(failing).rejects.toThrow('first');
    expect(events).toEqual(['stopped', 'ended']);
  });
});
