import { MirrorError, toErrorText } from '../../errors';

export const stateLocked = (file: string, holder: string) =>
  new MirrorError('fleet-state-locked', {
    message: `The state in "${file}" is in use by ${holder}. Two processes would overwrite each other's changes.`,
    remedy: 'Stop the other process, or give this one another state folder.',
  });

export const lockLost = (file: string) =>
  new MirrorError('fleet-state-locked', {
    message: `The lock "${file}" was taken over by another process, because this one did not renew it in time.`,
    remedy: 'Stop one of the two. If this machine was suspended, nothing is wrong: start again.',
  });

export const stateDamaged = (file: string, what: string) =>
  new MirrorError('fleet-state-damaged', {
    message: `The state file "${file}" can't be used: ${what}. It was not changed.`,
    remedy:
      'Restore it from a backup, or move it away and run again: the state is rebuilt from both sides, without the history of runs.',
  });

export const stateUnwritable = (file: string, cause: unknown) =>
  new MirrorError(
    'fleet-state-unwritable',
    {
      message: `The state can't be written to "${file}": ${toErrorText(cause)}`,
      remedy: 'Free space on its disk, or choose a folder that this user can write to.',
    },
    { cause },
  );
