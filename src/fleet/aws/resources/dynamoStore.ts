import { mirrorStateSchema, repositoryStateSchema, runSchema, runsAtMost } from '../../state/repositoryState';
import type { FleetStore, StateChange } from '../../state/store';
import { openRows, type Row } from './dynamoRows';
import { toGroup } from './message';

/** Runs are kept for so many seconds: 90 days. */
const runSeconds = 90 * 24 * 3600;

/**
 * The state of a fleet in one table of DynamoDB. Keys are `pk` and `sk`, both texts: `mirror#<name>` has a row for each
 * repository, `runs#<group>` one for each run, `mirrors` one for each mirror. What a row holds is JSON in `body`;
 * `expires` is the table's time to live. Several processes may write, each to the repositories that it has taken from
 * the queue. It can be lost: the next looks find it again.
 */
export function openDynamoStore(table: string, region: string): FleetStore {
  const rows = openRows(table, region);
  return {
    async readRepositories(mirror) {
      const found = await rows.list(`mirror#${mirror}`);
      return found.flatMap((row) => repositoryStateSchema.safeParse(row).data ?? []);
    },
    async readRepository(mirror, identity) {
      return repositoryStateSchema.safeParse(await rows.find(`mirror#${mirror}`, identity)).data;
    },
    async readRuns(mirror, identity) {
      const newest = { newestFirst: true, limit: runsAtMost };
      const found = await rows.list(`runs#${toGroup({ mirror, identity })}`, newest);
      return found.flatMap((row) => runSchema.safeParse(row).data ?? []).reverse();
    },
    async readMirror(mirror) {
      return mirrorStateSchema.safeParse(await rows.find('mirrors', mirror)).data;
    },
    async write(changes) {
      await rows.write(changes.flatMap(toRows));
    },
    async update({ mirror, identity }, change) {
      const pk = `mirror#${mirror}`;
      await rows.update(pk, identity, (body) =>
        change(repositoryStateSchema.safeParse(body).data).flatMap(toRows),
      );
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function toRows(change: StateChange): readonly Row[] {
  switch (change.kind) {
    case 'repository':
      return [{ pk: `mirror#${change.state.mirror}`, sk: change.state.identity, body: change.state }];
    case 'mirror':
      return [{ pk: 'mirrors', sk: change.state.mirror, body: change.state }];
    case 'forget':
      // Its runs go by their time to live.
      return [{ pk: `mirror#${change.mirror}`, sk: change.identity, body: undefined }];
    case 'runs':
      return change.runs.map((run) => ({
        pk: `runs#${toGroup(change)}`,
        sk: String(run.startedAt).padStart(15, '0'),
        body: run,
        expires: Math.floor(run.startedAt / 1000) + runSeconds,
      }));
  }
}
