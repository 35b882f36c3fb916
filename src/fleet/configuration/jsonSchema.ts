import * as z from 'zod';
import { fieldTexts } from './fields';
import { fileSchema } from './schema';

/** The JSON Schema (draft 2020-12) of mirrors.yaml, with which editors complete, explain and check the file. */
export function toJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', metadata: fieldTexts, reused: 'inline' });
  return { title: 'mirrors.yaml of codecommit-mirror', ...schema };
}
