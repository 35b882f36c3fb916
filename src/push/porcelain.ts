/** What the server made of one ref of a push. */
export interface RefResult {
  readonly ref: string;
  readonly done: boolean;
  /** git's or the server's short reason, for a ref that was not done. */
  readonly reason: string;
  /** What else the server and git said of the push that was refused. */
  readonly words?: string;
}

/**
 * Reads `git push --porcelain`: lines `<flag>\t<from>:<to>\t<summary> (<reason>)`, flag ` ` fast-forward, `+`
 * forced, `-` deleted, `*` new, `=` up to date, `!` rejected (git-push(1), "Output"). Other lines are passed over.
 */
export function parsePorcelain(text: string): RefResult[] {
  return text.split('\n').flatMap((line): RefResult[] => {
    const [, flag, ref = '', summary = ''] = /^([ +\-*=!])\t[^\t]*:([^\t:]+)\t(.*)$/s.exec(line) ?? [];
    if (flag === undefined) return [];
    const reason = flag === '!' ? (/\((.*)\)$/s.exec(summary)?.[1] ?? summary) : '';
    return [{ ref, done: flag !== '!', reason }];
  });
}
