import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, isSeq, parse, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Mirror } from '../names';
import {
  findPipelines,
  findPipes,
  isEmpty,
  type PipeUse,
  parsePipelines,
  rangeOf,
  toStepMap,
  unfit,
} from './document';
import { hasSameLogin, type StepContent, toStepText, toUrls } from './step';
import { addAt, applyChanges, type Change, endOfContent, removeLines, startOfLine } from './textChange';

export interface FilePlan {
  /** Undefined if nothing changes. */
  readonly text: string | undefined;
  /** The pipelines that get the step. */
  readonly added: readonly string[];
  /** Lines, from 1, of steps of this mirror with another login, which must be changed by hand. */
  readonly different: readonly number[];
}

/**
 * Adds the step as the first one of `default` and of each pipeline under `branches` and `tags`, so that it runs before
 * tests and manual triggers. Adds a section `tags` if there is none. Everything else stays unchanged, byte by byte.
 * Throws MirrorError `setup-pipelines-file`.
 */
export function planPipelinesFile(before: string | undefined, content: StepContent): FilePlan {
  const source = before ?? '';
  const document = parsePipelines(source);
  const uses = findPipes(document, source, content.mirror);
  const different = uses.filter(({ variables }) => !hasSameLogin(variables, content)).map(({ line }) => line);
  const changes = new Map<number, Change>();
  const added: string[] = [];
  for (const { path, list } of findPipelines(document, ['branches', 'tags'])) {
    if (holdsUse(list, uses)) continue;
    const change = addToList(source, list, content);
    if (!changes.has(change.from)) added.push(path.join(' '));
    changes.set(change.from, change);
  }
  const fresh = toWanted(document, content);
  const names = fresh.map((keys) => keys.join(' ').replaceAll("'", ''));
  const all = [...changes.values(), ...addPipelines(source, document, fresh, content)];
  if (all.length === 0) return { text: undefined, added, different };
  const text = applyChanges(source, all);
  requireGrown(document, text, content);
  return { text, added: [...added, ...names], different };
}

/** The keys of each new pipeline, as YAML text. */
function toWanted(document: Document.Parsed, { nightly }: StepContent): (readonly string[])[] {
  const isMissing = (...path: string[]) => isEmpty(document.getIn(['pipelines', ...path], true));
  const wanted: string[][] = [];
  if (isMissing('default')) wanted.push(['default']);
  if (isMissing('tags')) wanted.push(['tags', "'**'"]);
  if (nightly !== undefined && isMissing('custom', nightly)) wanted.push(['custom', nightly]);
  return wanted;
}

function holdsUse(list: YAMLSeq, uses: readonly PipeUse[]): boolean {
  const [start, end] = rangeOf(list);
  return uses.some(({ node }) => rangeOf(node)[0] >= start && rangeOf(node)[1] <= end);
}

function addToList(source: string, list: YAMLSeq, content: StepContent): Change {
  const [first] = list.items;
  if (list.flow || first === undefined) throw unfit('a list of steps is written as [ ]');
  const from = startOfLine(source, rangeOf(first)[0]);
  const indent = /^[ ]*/.exec(source.slice(from))?.[0] ?? '';
  return { from, to: from, text: toStepText(content, indent) };
}

function addPipelines(
  source: string,
  document: Document.Parsed,
  wanted: readonly (readonly string[])[],
  content: StepContent,
): Change[] {
  if (wanted.length === 0) return [];
  const pipelines = document.get('pipelines', true);
  const toText = (indent: string) => wanted.map((keys) => toBlock(keys, indent, content)).join('');
  if (isMap(pipelines)) {
    if (pipelines.flow) throw unfit('"pipelines" is written as { }');
    return wanted.flatMap((keys) => addPipeline(source, pipelines, keys, content));
  }
  const root = isMap(document.contents) ? document.contents : undefined;
  const key = root && findKey(root, 'pipelines');
  if (key === undefined) return [addAt(source, source.trimEnd().length, `pipelines:\n${toText('  ')}`)];
  return fillEmpty(source, key, pipelines, toText('  '));
}

function addPipeline(source: string, pipelines: YAMLMap, keys: readonly string[], content: StepContent) {
  const [name = '', ...inner] = keys;
  const indent = indentOf(source, pipelines);
  const key = findKey(pipelines, name);
  if (key === undefined) {
    const end = endOfContent(source, rangeOf(pipelines)[1]);
    return [addAt(source, end, toBlock(keys, indent, content))];
  }
  const section = pipelines.get(name, true);
  if (!isMap(section)) return fillEmpty(source, key, section, toBlock(inner, `${indent}  `, content));
  if (section.flow) throw unfit(`"${name}" is written as { }`);
  const from = startOfLine(source, rangeOf(section.items[0]?.key)[0]);
  return [{ from, to: from, text: toBlock(inner, indentOf(source, section), content) }];
}

/** Keys below each other, and the step below them. */
function toBlock(keys: readonly string[], indent: string, content: StepContent): string {
  const lines = keys.map((key, depth) => `${indent}${'  '.repeat(depth)}${key}:\n`);
  return lines.join('') + toStepText(content, indent + '  '.repeat(keys.length));
}

/** Adds lines below a key without a value, or with an explicit one: `~`, `null`. */
function fillEmpty(source: string, key: unknown, value: unknown, text: string): Change[] {
  const after = addAt(source, endOfContent(source, rangeOf(key)[1] + 1), text);
  if (!isScalar(value)) return [after];
  const [from, to] = rangeOf(value);
  return from === to ? [after] : [{ from, to, text: '' }, after];
}

function findKey(map: YAMLMap, name: string) {
  return map.items.map(({ key }) => key).find((key) => isScalar(key) && key.value === name);
}

function indentOf(source: string, map: YAMLMap): string {
  const [first] = map.items;
  const start = rangeOf(first?.key)[0];
  return ' '.repeat(start - startOfLine(source, start));
}

/** Checks that YAML parses the inserted lines as intended. */
function requireGrown(before: Document.Parsed, text: string, content: StepContent): void {
  const after = parsePipelines(text);
  const uses = findPipes(after, text, content.mirror);
  const lists = findPipelines(after, ['branches', 'tags']);
  const [step] = parse(toStepText(content));
  const rest = removeSteps(after.toJS() ?? {}, (item) => isDeepStrictEqual(item, step));
  const old = removeSteps(before.toJS() ?? {}, (item) => isDeepStrictEqual(item, step));
  if (!lists.every(({ list }) => holdsUse(list, uses)) || !isDeepStrictEqual(rest, old))
    throw unfit('it has a form in which the step finds no place');
}

/** The data without the items that `isOurs` selects, and without values that become empty. */
function removeSteps(value: unknown, isOurs: (item: unknown) => boolean): unknown {
  if (Array.isArray(value))
    return value.filter((item) => !isOurs(item)).map((item) => removeSteps(item, isOurs));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [
    key,
    removeSteps(each, isOurs),
  ]);
  const kept = entries.filter(([, each]) => !isBlank(each));
  return Object.fromEntries(kept);
}

function isBlank(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export interface RemovalPlan {
  /** Undefined if there is nothing to remove. */
  readonly text: string | undefined;
  /** Lines, from 1, of every use of the pipe for this mirror. */
  readonly uses: readonly number[];
  /** Lines, in `text`, of the uses that remain: they are not separate steps. */
  readonly left: readonly number[];
}

const sections = ['branches', 'tags', 'pull-requests', 'custom'];

/**
 * Removes each step that only mirrors to this repository, edited or not, and pipelines that have no other step. A step
 * with several destinations stays. Throws MirrorError `setup-pipelines-file`.
 */
export function planPipelinesFileRemoval(before: string, mirror: Mirror): RemovalPlan {
  const findLines = (text: string) => findPipes(parsePipelines(text), text, mirror).map(({ line }) => line);
  const uses = findLines(before);
  let text = before;
  // One at a time, so that the next removal sees what is empty now.
  for (let change = findRemoval(text, mirror); change !== undefined; change = findRemoval(text, mirror))
    text = applyChanges(text, [change]);
  return text === before ? { text: undefined, uses, left: uses } : { text, uses, left: findLines(text) };
}

function findRemoval(text: string, mirror: Mirror): Change | undefined {
  const document = parsePipelines(text);
  const uses = findPipes(document, text, mirror).filter(
    ({ variables }) => toUrls(variables['CODECOMMIT_URL']).length === 1,
  );
  if (uses.length === 0) return undefined;
  for (const { path, list } of findPipelines(document, sections)) {
    const item = list.items.find((each) => uses.some(({ node }) => isStepOf(each, node, document)));
    if (item === undefined || list.flow) continue;
    return list.items.length === 1
      ? removePipeline(text, document, ['pipelines', ...path])
      : removeLines(text, ...rangeOf(item));
  }
  return undefined;
}

/** Whether a step runs only this pipe. */
function isStepOf(item: unknown, pipe: YAMLMap, document: Document.Parsed): boolean {
  const script = toStepMap(item, document)?.get('script', true);
  return isSeq(script) && script.items.length === 1 && script.items[0] === pipe;
}

/** Removes the key with its list, and parents that become empty. */
function removePipeline(source: string, document: Document.Parsed, path: string[]): Change {
  let change: Change | undefined;
  while (path.length > 0) {
    const key = path.pop();
    const map = path.length === 0 ? document.contents : document.getIn(path, true);
    if (!isMap(map)) break;
    const pair = map.items.find((each) => String(each.key) === key);
    change = removeLines(source, rangeOf(pair?.key)[0], rangeOf(pair?.value)[1]);
    if (map.items.length > 1) break;
  }
  if (change === undefined) throw unfit('it has a form that is not understood');
  return change;
}
