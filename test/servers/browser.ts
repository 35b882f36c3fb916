import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const program = '/usr/bin/chromium';

/** Whether Debian's Chromium is installed on this machine, or must be (see `sshdAvailable`). */
export function browserAvailable(): boolean {
  return process.env['CODECOMMIT_MIRROR_PROGRAMS'] === 'required' || existsSync(program);
}

/** As root Chromium starts without its sandbox only; it sees pages of this machine alone. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
}
