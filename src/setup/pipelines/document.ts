import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { pipelinesFileUnfit } from '../errors';
import type { Mirror } from '../names';
import { isPipeOf } from './step';

/** A list of steps, and where it is, such as `branches`, `main`. */
export interface Pipeline {
  readonly path: readonly string[];
  readonly list: YAMLSeq;
}

/** `why` completes "bitbucket-pipelines.yml can't be changed: …". */
export function unfit(why: string) {
  return pipelinesFileUnfit('bitbucket-pipelines.yml', why);
}

/** Throws MirrorError `setup-pipelines-file`. */
export function parsePipelines(text: string): Document.Parsed {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw unfit(`it is not valid YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}`);
  if (document.contents !== null && !isMap(document.contents)) throw unfit('it is not a mapping');
  const pipelines = document.get('pipelines', true);
  if (pipelines !== undefined && !isMap(pipelines) && !isEmpty(pipelines))
    throw unfit('"pipelines" is not a mapping');
  return document;
}

export function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}

/** The lists of steps in these sections; aliases are followed. Throws for anything but a list, such as an import. */
export function findPipelines(document: Document.Parsed, names: readonly string[]): Pipeline[] {
  const pipelines = document.get('pipelines', true);
  if (!isMap(pipelines)) return [];
  const sections = names.flatMap((section) => {
    const map = pipelines.get(section, true);
    if (!isMap(map)) return [];
    return map.items.map(({ key, value }) => ({ path: [section, String(key)], node: value }));
  });
  const all = [{ path: ['default'], node: pipelines.get('default', true) }, ...sections];
  return all.flatMap(({ path, node }) => {
    const list = isAlias(node) ? node.resolve(document) : node;
    if (isEmpty(list)) return [];
    if (!isSeq(list)) throw unfit(`the pipeline "${path.join(' ')}" is not a list of steps`);
    return [{ path, list }];
  });
}

/** A use of our pipe for one mirror, anywhere in the file. */
export interface PipeUse {
  readonly node: YAMLMap;
  /** From 1. */
  readonly line: number;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The step that it is in. */
  readonly step: YAMLMap | undefined;
}

export function findPipes(document: Document.Parsed, source: string, mirror: Mirror): PipeUse[] {
  const uses: PipeUse[] = [];
  visit(document, {
    Map(_key, node, parents) {
      if (!node.has('pipe')) return;
      const { pipe, variables } = node.toJS(document);
      if (!isPipeOf(mirror, pipe, variables?.CODECOMMIT_URL)) return;
      const line = source.slice(0, rangeOf(node)[0]).split('\n').length;
      const step = parents.filter(isMap).findLast((parent) => parent.has('script'));
      uses.push({ node, line, variables, step });
    },
  });
  return uses;
}

/** Begin, and end of the value, of a node that was parsed. */
export function rangeOf(node: unknown): readonly [number, number] {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) throw unfit('it has a form that is not understood');
  return [Number(range[0]), Number(range[1])];
}

/** The step of an item of a pipeline; an alias is followed. */
export function toStepMap(item: unknown, document: Document.Parsed): YAMLMap | undefined {
  const step = isMap(item) ? item.get('step', true) : undefined;
  const resolved = isAlias(step) ? step.resolve(document) : step;
  return isMap(resolved) ? resolved : undefined;
}

/**
 * Whether the tokens of this mirror's steps have this audience: a list under `options`, or in the step itself, takes
 * the place of the default one. True where the file has no list.
 */
export function hasAudience(text: string, audience: string, mirror: Mirror): boolean {
  const document = parsePipelines(text);
  const steps = findPipes(document, text, mirror).map(({ step }) => step?.toJS(document));
  const lists = [document.toJS()?.options, ...steps].map((each) => each?.oidc?.audiences);
  return lists.every((list) => !Array.isArray(list) || list.includes(audience));
}
