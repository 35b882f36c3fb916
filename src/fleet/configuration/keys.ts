import { destinationSchemas } from './destination';
import { fileSchema, mirrorSchema } from './schema';
import { sourceSchemas } from './source';

const schemas = { from: sourceSchemas, to: destinationSchemas };

/** The hosts that `from` or `to` may name. */
export function hostKinds(side: 'from' | 'to'): readonly string[] {
  return schemas[side].map(({ shape }) => shape.host.value);
}

/** The keys that a map at this path may have; below `from` and `to` those of the host, or all where it is unknown. */
export function findKeys(path: readonly PropertyKey[], host?: string): readonly string[] {
  const [, , key] = path;
  if (path.length === 0) return Object.keys(fileSchema.shape);
  if (key === undefined) return Object.keys(mirrorSchema.shape);
  if (key === 'from' || key === 'to') return findHostKeys(key, host);
  return key === 'refs' ? ['include', 'exclude'] : [];
}

function findHostKeys(side: 'from' | 'to', host: string | undefined): readonly string[] {
  const ofHost = schemas[side].filter(({ shape }) => shape.host.value === host);
  const chosen = ofHost.length === 0 ? schemas[side] : ofHost;
  return [...new Set(chosen.flatMap(({ shape }) => Object.keys(shape)))];
}
