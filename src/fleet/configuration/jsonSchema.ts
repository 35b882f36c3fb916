import * as z from 'zod';
import { fieldTexts } from './fields';
import { fileSchema } from './schema';

/**
 * The JSON Schema of mirrors.yaml, with which editors complete, explain and check the file. Draft 7: it says all that is
 * needed, and every editor knows it.
 */
export function toJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema, {
    target: 'draft-7',
    io: 'input',
    metadata: fieldTexts,
    reused: 'inline',
  });
  return { title: 'mirrors.yaml of codecommit-mirror', ...schema };
}
