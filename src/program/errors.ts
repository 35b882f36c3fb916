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
