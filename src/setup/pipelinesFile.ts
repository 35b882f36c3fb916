import { readFile, rm, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { pipelinesFileUnfit } from './errors';
import { isOtherWay, isOurStep, type StepWay, toStepText } from './pipelinesStep';
import {
  addAt,
  applyChanges,
  type Change,
  endOfContent,
  rangeOf,
  removeLines,
  startOfLine,
  unfit,
} from './textChange';

export async function readPipelinesFile(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw pipelinesFileUnfit(file, error.message);
  });
}

/** Writes the text; takes the file away when nothing is left of it. */
export async function writePipelinesFile(file: string, text: string): Promise<void> {
  try {
    if (text.trim() === '') await rm(file);
    else await writeFile(file, text);
  } catch (error) {
    throw pipelinesFileUnfit(file, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Adds the step to `default`, and to each pipeline under `branches` and `tags`: where one of these runs, `default`
 * does not. A step of ours that goes the other way, with a key or by a role, gives place. All other lines stay byte
 * by byte. `text` is undefined when nothing is to be changed.
 * Throws MirrorError `setup-pipelines-file`.
 */
export function planPipelinesFile(before: string | undefined, way: StepWay) {
  const source = planPipelinesFileRemoval(before, isOtherWay(way)).text ?? before ?? '';
  const document = parse(source);
  const changes = new Map<number, Change>();
  const added: string[] = [];
  for (const { path, list } of findPipelines(document)) {
    if (holdsPipe(list.toJS(document))) continue;
    const change = addToList(source, list, way);
    if (!changes.has(change.from)) added.push(path.join(' '));
    changes.set(change.from, change);
  }
  const start = addDefault(source, document, way);
  if (start !== undefined) {
    added.push('default');
    const other = changes.get(start.from);
    changes.set(start.from, other === undefined ? start : { ...other, text: other.text + start.text });
  }
  if (changes.size === 0) return { text: source === (before ?? '') ? undefined : source, added };
  const text = applyChanges(source, [...changes.values()]);
  requireGrown(document, text, way);
  return { text, added };
}

function parse(text: string): Document.Parsed {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw unfit(`it is no valid YAML: ${error.message.split('\n')[0]}`);
  if (document.contents !== null && !isMap(document.contents)) throw unfit('it is no mapping');
  const pipelines = document.get('pipelines', true);
  if (pipelines !== undefined && !isMap(pipelines) && !isEmpty(pipelines))
    throw unfit('"pipelines" is no mapping');
  return document;
}

function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}

/** The lists of steps that a push starts, each by its name; an alias is followed. */
function findPipelines(document: Document.Parsed): { path: string[]; list: YAMLSeq }[] {
  const pipelines = document.get('pipelines', true);
  if (!isMap(pipelines)) return [];
  const sections = ['branches', 'tags'].flatMap((section) => {
    const map = pipelines.get(section, true);
    if (!isMap(map)) return [];
    return map.items.map(({ key, value }) => ({ path: [section, String(key)], node: value }));
  });
  const all = [{ path: ['default'], node: pipelines.get('default', true) }, ...sections];
  return all.flatMap(({ path, node }) => {
    const list = isAlias(node) ? node.resolve(document) : node;
    if (isEmpty(list)) return [];
    if (!isSeq(list)) throw unfit(`the pipeline "${path.join(' ')}" is no list of steps`);
    return [{ path, list }];
  });
}

/** Whether the pipe stands anywhere in it. */
function holdsPipe(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('pipe' in value && /codecommit-mirror(:|$)/.test(String(value.pipe))) return true;
  return Object.values(value).some(holdsPipe);
}

function addToList(source: string, list: YAMLSeq, way: StepWay): Change {
  const [first] = list.items;
  const start = list.items.length === 0 ? undefined : rangeOf(first)[0];
  if (list.flow || start === undefined) throw unfit('a list of steps is written as [ ]');
  const indent = /^[ ]*/.exec(source.slice(startOfLine(source, start)))?.[0] ?? '';
  return addAt(source, endOfContent(source, rangeOf(list)[1]), toStepText(way, indent));
}

/** `default`, where there is none; `pipelines` too, where that is missing. */
function addDefault(source: string, document: Document.Parsed, way: StepWay): Change | undefined {
  const pipelines = document.get('pipelines', true);
  if (isMap(pipelines) && pipelines.items.length > 0) {
    if (pipelines.flow) throw unfit('"pipelines" is written as { }');
    const place = isEmpty(pipelines.get('default', true)) ? findKey(pipelines, 'default') : undefined;
    const indent = indentOf(source, pipelines);
    const step = toStepText(way, `${indent}  `);
    if (place !== undefined) return addAt(source, endOfContent(source, rangeOf(place)[1] + 1), step);
    if (pipelines.has('default')) return undefined;
    return addAt(source, endOfContent(source, rangeOf(pipelines)[1]), `${indent}default:\n${step}`);
  }
  const root = isMap(document.contents) ? document.contents : undefined;
  const text = `  default:\n${toStepText(way, '    ')}`;
  const key = root && findKey(root, 'pipelines');
  if (key === undefined) return addAt(source, source.trimEnd().length, `pipelines:\n${text}`);
  if (pipelines !== undefined && isMap(pipelines)) throw unfit('"pipelines" is written as { }');
  return addAt(source, endOfContent(source, rangeOf(key)[1] + 1), text);
}

function findKey(map: YAMLMap, name: string) {
  return map.items.map(({ key }) => key).find((key) => isScalar(key) && key.value === name);
}

function indentOf(source: string, map: YAMLMap): string {
  const [first] = map.items;
  const start = rangeOf(first?.key)[0];
  return ' '.repeat(start - startOfLine(source, start));
}

/** Lines were put between lines: see that YAML takes them for what they are meant to be. */
function requireGrown(before: Document.Parsed, text: string, way: StepWay): void {
  const after = parse(text);
  const lists = findPipelines(after);
  const [step] = parseDocument(toStepText(way, '')).toJS();
  const isEach = lists.every(({ list }) => holdsPipe(list.toJS(after)));
  const rest = removeSteps(after.toJS() ?? {}, (item) => isDeepStrictEqual(item, step));
  const old = removeSteps(before.toJS() ?? {}, () => false);
  if (!isEach || !isDeepStrictEqual(rest, old)) throw unfit('it has a form in which the step finds no place');
}

/** The data without the items that `isOurs` says, and without what that leaves empty. */
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

/** Takes our own steps away; a pipeline that has no other goes with them. `text` is undefined when there are none. */
export function planPipelinesFileRemoval(
  before: string | undefined,
  isMeant: (way: StepWay) => boolean = () => true,
): { text: string | undefined } {
  const source = before ?? '';
  const document = parse(source);
  const changes = new Map<number, Change>();
  for (const { path, list } of findPipelines(document)) {
    const ours = list.items.filter((item) => isOurStep(toJs(item, document), isMeant));
    if (ours.length === 0) continue;
    if (list.flow) throw unfit('a list of steps is written as [ ]');
    const all = ours.length === list.items.length;
    const change = all ? removePipeline(source, document, ['pipelines', ...path]) : undefined;
    for (const each of change ? [change] : ours.map((item) => removeLines(source, ...rangeOf(item))))
      changes.set(each.from, each);
  }
  if (changes.size === 0) return { text: undefined };
  return { text: applyChanges(source, [...changes.values()]) };
}

function toJs(node: unknown, document: Document.Parsed): unknown {
  return isMap(node) ? node.toJS(document) : undefined;
}

/** The key with its list; and what holds it, when it holds nothing else. */
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
