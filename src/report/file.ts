import { realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { replaceFile } from '../system/replaceFile';

/**
 * Resolves the path of REPORT_FILE. Anyone who can push to the source can create symbolic links in the clone: inside
 * the clone, no link is followed out of it, and a link at the end of the path is replaced. Elsewhere links are the
 * user's own. Throws Error if a link leads out.
 */
export async function resolveReportFile(file: string, clone: string): Promise<string> {
  const [folder, root] = [await realpath(dirname(file)), await realpath(clone).catch(() => clone)];
  const path = join(folder, basename(file));
  if (!isWithin(dirname(file), clone) && !isWithin(folder, root))
    return await realpath(file).catch(() => path);
  if (isWithin(folder, root)) return path;
  throw new Error('a symbolic link leads out of the clone');
}

function isWithin(folder: string, root: string): boolean {
  const [first] = relative(root, folder).split(sep);
  return first !== '..';
}

/** Writes the report completely or not at all; to a device directly. `file` is absolute. */
export async function writeReportFile(file: string, clone: string, report: Iterable<string>): Promise<void> {
  const path = await resolveReportFile(file, clone);
  const found = await stat(path).catch(() => undefined);
  if (found?.isCharacterDevice()) await writeFile(path, report);
  else await replaceFile(path, report, { mode: 0o666 });
}
