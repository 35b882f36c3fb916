import { type Document, isCollection, isMap, isNode, isScalar, parseDocument, visit } from 'yaml';
import type { ConfigurationFault } from './errors';
import { toYamlFault } from './yamlFaults';

/** A step of a path through the document: a key, or the index of an item. */
export type Path = readonly PropertyKey[];

/** A place in the text, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML file with the places of its values. */
export interface ConfigurationDocument {
  readonly value: unknown;
  /** What is wrong with it as YAML. */
  readonly faults: readonly ConfigurationFault[];
  /** Whether the faults leave its structure in doubt, so that nothing else can be said of it. */
  readonly isBroken: boolean;
  /** Where the value stands; where there is none, the nearest thing that holds it. */
  findValue(path: Path): Position;
  /** Where the key itself stands. */
  findKey(path: Path): Position;
}

/** Opens the text of a YAML file. Anchors, aliases and `<<` are taken, as in .gitlab-ci.yml. Never throws. */
export function openDocument(text: string): ConfigurationDocument {
  const document = parseDocument(text, { prettyErrors: false, merge: true });
  const locate = (offset: number) => toPosition(text, offset);
  const problems = [...document.errors, ...document.warnings];
  const faults = [
    ...problems.map((problem) => toYamlFault(problem.code, locate(problem.pos[0]))),
    ...findLostAliases(document).map((offset) => toYamlFault('BAD_ALIAS', locate(offset))),
  ];
  const isBroken = faults.length > problems.length || problems.some(({ code }) => code !== 'DUPLICATE_KEY');
  const value = isBroken ? undefined : readValue(document);
  if (value === tooLarge) faults.push(toYamlFault('RESOURCE_EXHAUSTION', { line: 1, column: 1 }));
  return {
    value,
    faults,
    isBroken: isBroken || value === tooLarge,
    findValue: (path) => locate(findNodeOffset(document, path)),
    findKey: (path) => locate(findKeyOffset(document, path)),
  };
}

/** Counted in the text itself: yaml's LineCounter misses line breaks where the text is broken. */
function toPosition(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}

const tooLarge = Symbol('aliases that grow too large');

function readValue(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return tooLarge;
  }
}

/** Aliases without an anchor: mostly patterns that begin with `*` and are not quoted. */
function findLostAliases(document: Document.Parsed): readonly number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) === undefined) offsets.push(node.range?.[0] ?? 0);
    },
  });
  return offsets;
}

/** The offset of the value at the path; of its nearest ancestor where the path leads nowhere. */
function findNodeOffset(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    // An empty value stands where nothing is to be seen: its key is the better place.
    if (isScalar(node) && node.value === null) return findKeyOffset(document, path.slice(0, length));
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function findKeyOffset(document: Document.Parsed, path: Path): number {
  const parentPath = path.slice(0, -1);
  const parent = parentPath.length === 0 ? document.contents : document.getIn(parentPath, true);
  const key = path.at(-1);
  const pair = isMap(parent)
    ? parent.items.find((each) => isScalar(each.key) && String(each.key.value) === String(key))
    : undefined;
  if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
  return isCollection(parent) && parent.range ? parent.range[0] : findNodeOffset(document, parentPath);
}
