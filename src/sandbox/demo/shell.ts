import { styleText } from 'node:util';
import type { Asked } from '../../pipe/settings';
import { isColourSeen } from '../../report/log';

/** What the demo gets from the process. */
export type DemoShell = Pick<Asked, 'env' | 'stdout' | 'signal' | 'isLogColoured' | 'readUsage'>;

/** Bold where colour is seen. */
export function toTitle({ env, stdout, isLogColoured = false }: DemoShell, text: string): string {
  if (!isColourSeen(env, isLogColoured || stdout.isTTY === true)) return text;
  return styleText('bold', text, { validateStream: false });
}
