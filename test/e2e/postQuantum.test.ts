import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../servers/git';
import { growSource } from './scene';
import { openWorld } from './world';

/**
 * An ssh that warns as OpenSSH 10.1 does when the server has no post-quantum key exchange, unless its configuration
 * says otherwise, and notes which of the two it was; it is the ssh of this machine in all else.
 */
const newerSsh = (ssh: string, notes: string) => `#!/bin/sh
config=
for word; do [ "$last" = -F ] && config=$word; last=$word; done
case " $* " in *' -O '*) ;; *)
  if grep -q '^ *WarnWeakCrypto no' "$config"; then echo silent >>'${notes}'; else
    echo warned >>'${notes}'
    echo '** WARNING: connection is not using a post-quantum key exchange algorithm.' >&2
    echo '** This session may be vulnerable to "store now, decrypt later" attacks.' >&2
    echo '** The server may need to be upgraded. See https://openssh.com/pq.html' >&2
  fi
esac
exec '${ssh}' "$@"
`;

test('an ssh that knows post-quantum algorithms does not warn about CodeCommit', {
  tags: ['slow'],
}, async () => {
  await using world = await openWorld();
  await growSource(world);
  const bin = join(world.root, 'bin');
  const notes = join(world.root, 'notes');
  const { stdout } = await run('sh', '/', ['-c', 'command -v ssh']);
  await run('mkdir', '/', [bin]);
  await writeFile(join(bin, 'ssh'), newerSsh(stdout.trim(), notes), { mode: 0o755 });
  const clone = await world.clone();
  const ended = await world.pipe(clone, { PATH: `${bin}:${process.env['PATH']}`, DEBUG: 'true' });
  expect(ended.exitCode).toBe(0);
  expect(ended.output).not.toContain('post-quantum');
  expect(new Set((await readFile(notes, 'utf8')).trim().split('\n'))).toEqual(new Set(['silent']));
});
