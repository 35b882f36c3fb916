/** The result of a push for one ref. */
export interface RefResult {
  readonly ref: string;
  readonly done: boolean;
  /** The short reason of git or the server, if the ref was not updated. */
  readonly reason: string;
  /** Further output of the server and of git about the refused push. */
  readonly words?: string;
}

/**
 * Parses the output of `git push --porcelain`: lines `<flag>\t<from>:<to>\t<summary> (<reason>)`, flag ` `
 * fast-forward, `+` forced, `-` deleted, `*` new, `=` up to date, `!` rejected (git-push(1), "Output"). Other lines are
 * ignored.
 */
export function parsePorcelain(text: string): RefResult[] {
  return text.split('\n').flatMap((line): RefResult[] => {
    const [, flag, ref = '', summary = ''] = /^([ +\-*=!])\t[^\t]*:([^\t:]+)\t(.*)$/s.exec(line) ?? [];
    if (flag === undefined) return [];
    const reason = flag === '!' ? (/\((.*)\)$/s.exec(summary)?.[1] ?? summary) : '';
    return [{ ref, done: flag !== '!', reason }];
  });
}
