import type * as z from 'zod';
import { quote } from '../../faults';
import type { ConfigurationDocument, Path, Position } from './document';
import type { ConfigurationFault } from './errors';
import { isSecretKey, splitExpectation } from './fields';
import { findKeys, hostKinds } from './keys';
import { suggest } from './suggest';

/** Turns what the schema found into faults with their places. */
export function toFaults(
  issues: readonly z.core.$ZodIssue[],
  document: ConfigurationDocument,
): readonly ConfigurationFault[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => toUnknownKey([...issue.path, key], document));
    if (issue.code === 'invalid_union' && issue.path.at(-1) === 'host')
      return [toUnknownHost(issue.path, document)];
    return [toWrongValue(issue, document)];
  });
}

function toWrongValue(
  { path, message }: z.core.$ZodIssue,
  document: ConfigurationDocument,
): ConfigurationFault {
  const value = findValue(document.value, path);
  const { form, fix } = toExpectation(path, message);
  const what = value === undefined || value === null ? 'is missing' : `is ${toQuoted(path, value)}`;
  return {
    ...document.findValue(path),
    message: `${toPathText(path)} ${what}; it must be ${form}.`,
    remedy: fix,
  };
}

/** The schema's own texts, where it has some; zod's are for programmers. */
function toExpectation(path: Path, message: string): { form: string; fix: string } {
  const { form, fix } = splitExpectation(message);
  if (fix !== undefined) return { form, fix };
  const keys = findKeys(path);
  const key = String(path.at(-1) ?? '');
  if (path.length === 0)
    return { form: 'a map with the key mirrors', fix: 'Write mirrors: and, below it, - name: github-acme.' };
  return {
    form: `a map with the keys ${keys.join(', ')}`,
    fix: `Write ${key}: and, below it and indented, its keys.`,
  };
}

function toUnknownKey(path: Path, document: ConfigurationDocument): ConfigurationFault {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const host = readHost(document, parent);
  const known = findKeys(parent, host);
  const guess = suggest(key, known);
  const where = parent.length === 0 ? 'This file' : toPathText(parent);
  const ofHost = host === undefined ? '' : ` of host ${host}`;
  const list = `The keys here are ${known.join(', ')}.`;
  return {
    ...document.findKey(path),
    message: `${where}${ofHost} has no key ${quoteUnlessToken(key)}; it must be one of ${known.join(', ')}.`,
    remedy: guess === undefined ? list : `Did you mean ${guess}? Otherwise remove it.`,
  };
}

function toUnknownHost(path: Path, document: ConfigurationDocument): ConfigurationFault {
  const value = findValue(document.value, path);
  const kinds = hostKinds(path.at(-2) === 'to' ? 'to' : 'from');
  const guess = typeof value === 'string' ? suggest(value, kinds) : undefined;
  const position: Position = document.findValue(path);
  if (value === 'git')
    return {
      ...position,
      message: `${toPathText(path)} is "git": nothing can be created on a plain git host; it must be one of ${kinds.join(', ')}.`,
      remedy: 'Give a destination with an API: one of these hosts.',
    };
  return {
    ...position,
    message: `${toPathText(path)} ${value === undefined ? 'is missing' : `is ${toQuoted(path, value)}`}; it must be one of ${kinds.join(', ')}.`,
    remedy: `Write host: ${guess ?? kinds[0]}${guess === undefined ? ', for example' : ''}.`,
  };
}

/** Lists and maps may hold a secret somewhere, and are long: only their kind is told. */
function toQuoted(path: Path, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (path.some(isSecretKey)) return 'not a reference (not shown)';
  return typeof value === 'string' ? quoteUnlessToken(value) : String(value);
}

function quoteUnlessToken(text: string): string {
  return isTokenLike(text) ? '(perhaps a token, not shown)' : quote(text);
}

/** The published beginnings of tokens of GitHub, GitLab, Atlassian and AWS; and long random words. */
export function isTokenLike(text: string): boolean {
  return (
    /(gh[pousr]_|github_pat_|gl[a-z]+-|ATATT|ATCTT|ATBB|BBDC-|AKIA|ASIA)[\w-]{8}/.test(text) ||
    /^(?=.*\d)(?=.*[A-Za-z])[\w=+-]{24,}$/.test(text)
  );
}

/** `mirrors[0].from.host`, as programmers and jq write it. */
export function toPathText(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text === '' ? 'The file' : text.replace(/^\./, '');
}

function readHost(document: ConfigurationDocument, path: Path): string | undefined {
  const host = findValue(document.value, [...path, 'host']);
  return typeof host === 'string' ? host : undefined;
}

export function findValue(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, step) => {
    if (typeof inside !== 'object' || inside === null) return undefined;
    return Object.getOwnPropertyDescriptor(inside, step)?.value;
  }, value);
}
