import { MirrorError, toErrorText } from '../errors';

export const reportUnwritable = (file: string, cause: unknown) =>
  new MirrorError(
    'report-unwritable',
    {
      message: `The report can't be written to "${file}": ${toErrorText(cause)}`,
      remedy: 'Give a path in a folder that exists and that this run can write to.',
    },
    { cause },
  );

export const outputUnwritable = (cause: Error) =>
  new MirrorError('output-unwritable', {
    message: `The output can't be written: ${cause.message}`,
    remedy: 'Free space on the disk of the file, or write the output to another place, and run again.',
  });
