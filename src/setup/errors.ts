import type { ListedKey } from '../aws/sshKeys';
import { allowAndRunAgain, MirrorError } from '../errors';
import { isStopSignal, toSignalExitCode } from '../system/signals';

export const notPermitted = (permissions: readonly string[]) =>
  new MirrorError('setup-not-permitted', {
    message: `Some things can't be read. These permissions are missing: ${permissions.join(', ')}. Nothing was changed.`,
    remedy: `${allowAndRunAgain} Without a Bitbucket token, setup prints what to do on Bitbucket.`,
  });

export const noTerminal = () =>
  new MirrorError(
    'setup-no-terminal',
    {
      message: 'There is no terminal to ask on, and --yes is not set. Nothing was changed.',
      remedy: 'Read the plan above; then run again with --yes to carry it out.',
    },
    { exitCode: 2 },
  );

export const declined = () =>
  new MirrorError('setup-declined', {
    message: 'Cancelled. Nothing was changed.',
    remedy: 'Run setup again when the plan is as you want it. --dry-run only shows it.',
  });

export const setupStopped = (reason: unknown) => {
  const signal = isStopSignal(reason) ? reason : 'SIGINT';
  return new MirrorError(
    'stopped',
    {
      message: `Stopped by ${signal}. Steps marked ✔ are done; nothing else was changed.`,
      remedy: 'Run setup again: it continues where it stopped.',
    },
    { exitCode: toSignalExitCode(signal) },
  );
};

/** IAM allows five keys for each user (IAM and STS quotas). */
export const keysFull = (user: string, keys: readonly ListedKey[]) => {
  const shown = keys.map(
    ({ id, active, uploaded }) => `${id} (${active ? 'active' : 'inactive'}, ${uploaded.slice(0, 10)})`,
  );
  const inactive = keys.filter(({ active }) => !active).map(({ id }) => id);
  const [oldest] = [...keys].sort((a, b) => a.uploaded.localeCompare(b.uploaded));
  const advice =
    inactive.length > 0
      ? `Inactive, so not in use: ${inactive.join(', ')}.`
      : `None is inactive; the oldest is ${oldest?.id}.`;
  return new MirrorError('setup-keys-full', {
    message: `The IAM user ${user} has ${keys.length} SSH keys, as many as IAM allows: ${shown.join(', ')}. Nothing was changed.`,
    remedy: `${advice} Delete one that nobody needs (aws iam delete-ssh-public-key --user-name ${user} --ssh-public-key-id <id>), or leave --user out.`,
  });
};

/** `owner`: the value of our tag if another mirror owns it; undefined without a tag. */
export const foreign = (what: string, owner: string | undefined) =>
  owner === undefined
    ? new MirrorError('setup-foreign', {
        message: `The ${what} exists, and setup did not create it. Nothing was changed.`,
        remedy:
          'Leave --user out, and setup creates one. With --adopt it adds a policy, and a key or trust, to this one; --remove then takes only these away.',
      })
    : new MirrorError('setup-foreign', {
        message: `The ${what} belongs to the mirror ${owner} (its tag codecommit-mirror says so). Nothing was changed.`,
        remedy:
          'Leave --user out, or name another one: each mirror has its own, so that a key may push to one repository only.',
      });

/** CodeCommit allows ten triggers for each repository (CodeCommit user guide, Quotas). */
export const tooManyTriggers = (repository: string, names: readonly string[]) =>
  new MirrorError('setup-limit', {
    message: `The repository ${repository} has ${names.length} triggers, as many as CodeCommit allows: ${names.join(', ')}. Nothing was changed.`,
    remedy:
      'Delete one that nobody needs (CodeCommit console > Settings > Triggers), or leave --trigger out.',
  });

export const keyFileRefused = (file: string, why: string) =>
  new MirrorError('setup-key-file', {
    message: `The key file "${file}" can't be used: ${why}. The file was not changed.`,
    remedy: 'Move the file away, or name another one with --key-file.',
  });

export const pipelinesFileUnfit = (file: string, why: string) =>
  new MirrorError('setup-pipelines-file', {
    message: `${file} can't be changed: ${why}. It was not changed.`,
    remedy: 'Correct that; or run without --write, and add the step that is printed by hand.',
  });

export const unproven = (failure: MirrorError, seconds: number) =>
  new MirrorError(
    'setup-unproven',
    {
      message: `A connection with the new key has failed for ${seconds} s: ${failure.message} Bitbucket was not given the key.`,
      remedy: `IAM may take longer today: run setup again. ${failure.remedy}`,
    },
    { cause: failure },
  );

export const tokenNeeded = () =>
  new MirrorError(
    'setup-invalid',
    {
      message: '--oidc needs a Bitbucket token: the trust policy names ids that only Bitbucket knows.',
      remedy: 'Set BITBUCKET_TOKEN, or BITBUCKET_EMAIL and BITBUCKET_API_TOKEN.',
    },
    { exitCode: 2 },
  );

/** `left`: what may remain, one text each. */
export const notRemoved = (left: readonly string[]) =>
  new MirrorError('setup-not-removed', {
    message: `Not everything is removed:\n${left.join('\n')}`,
    remedy: 'Do what the lines say, then run setup --remove again: it says when nothing is left.',
  });
