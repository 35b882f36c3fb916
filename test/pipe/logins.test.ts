// @module-tag slow
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SettingsError } from '../../src/faults';
import { readSettings } from '../../src/pipe/settings';
import type { Password } from '../../src/remote/settings';
import { keyPair } from '../e2e/world';

/** A word that no message has by itself. */
const word = fc.stringMatching(/^Tk[a-z0-9]{10,20}$/);
const separator = fc.constantFrom(
  '://',
  ':',
  '/',
  '@',
  '::',
  '//',
  '?',
  '#',
  ' ',
  '%',
  '$',
  '.',
  '-',
  '\\',
  '\n',
);
const scheme = fc.constantFrom(
  '',
  'https://',
  'http://',
  'ssh://',
  'file://',
  'codecommit::',
  'codecommit://',
  'ftp://',
);
const end = fc.constantFrom(
  'bitbucket.org/acme/app.git',
  'bitbucket.org/acme/my app',
  'git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
  'git-codecommit.eu-west-1.amazonaws.com/v1/repos/app?region=x',
  '',
  '/',
  'host:99999/x',
  'host',
);
/** What stands before the last @: words, and all that a URL is made of, in any order. */
const login = fc
  .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 4 }), fc.option(separator, { nil: '' }))
  .map(([first, more, last]) => ({
    words: [first, ...more.map(([, each]) => each)],
    text: [first, ...more.flat(), last].join(''),
  }));

test.each(['SOURCE_URL', 'CODECOMMIT_URL', 'SOURCE_PROXY', 'BITBUCKET_GIT_HTTP_ORIGIN'])(
  '%s: nothing before the last @ is in any message, whatever the form',
  async (variable) => {
    const fine = {
      CODECOMMIT_URL: 'codecommit::eu-west-1://app',
      SSH_KEY_ID: 'APKAEXAMPLEEXAMPLE12',
      SSH_KEY: keyPair.privateKey,
      REFS: 'all',
    };
    let faults = 0;
    const property = fc.asyncProperty(scheme, login, end, async (before, { words, text }, after) => {
      try {
        const value = `${before}${text}@${after}`;
        const settings = await readSettings({ ...fine, [variable]: value }, { cwd: '/' });
        const { source } = settings;
        const logins = [source?.login, source?.proxy?.login].filter((each) => each && 'username' in each);
        const [{ username, password } = { username: '', password: '' }] = logins as readonly Password[];
        // What is a URL is held apart from its login, but for the user name of SSH.
        if (before === 'ssh://') return;
        for (const each of words) {
          expect(`${source?.url} ${source?.proxy?.url}`).not.toContain(each);
          if (variable === 'SOURCE_URL' && after !== '') expect(username + password).toContain(each);
          expect(settings.secrets.join()).toContain(password || username);
        }
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        faults += 1;
        for (const each of words) expect(`${error.message} ${error.remedy}`).not.toContain(each);
      }
    });
    await fc.assert(property, { numRuns: 1_000 });
    expect(faults).toBeGreaterThan(500);
  },
);
