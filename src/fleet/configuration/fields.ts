import * as z from 'zod';
import { parseSecretReference, secretForms } from '../secrets/reference';

/** A key as the documentation and the editor's help tell it. */
interface FieldText {
  readonly description: string;
}

/** The texts of every key; the JSON Schema is made with it. */
export const fieldTexts = z.registry<FieldText>();

/**
 * What a fault says of a value: what it must be, and what to write. zod carries one text for each issue, so both stand
 * in it, apart by a line break.
 */
interface Expectation {
  /** It completes "…; it must be". */
  readonly form: string;
  /** A full sentence. */
  readonly fix: string;
}

const separator = '\n';

function toError({ form, fix }: Expectation): string {
  return `${form}${separator}${fix}`;
}

/** The two halves of a message that `toError` made; other messages have no fix. */
export function splitExpectation(message: string): { form: string; fix: string | undefined } {
  const [form = '', fix] = message.split(separator);
  return { form, fix };
}

interface TextOptions extends Expectation {
  readonly pattern: RegExp;
}

/** A text of one form. Descriptions belong to the outermost wrapper: a default, for example. */
export function bareText({ pattern, ...expectation }: TextOptions) {
  const error = toError(expectation);
  return z.string({ error }).regex(pattern, { error });
}

export function text({ description, ...options }: FieldText & TextOptions) {
  return bareText(options).register(fieldTexts, { description });
}

/** A text whose form only code can tell. */
export function checkedText({ isValid, ...expectation }: CheckedOptions): z.ZodType<string, string> {
  const error = toError(expectation);
  return z.string({ error }).min(1, { error }).refine(isValid, { error });
}

interface CheckedOptions extends Expectation {
  readonly isValid: (value: string) => boolean;
}

export function optionalText({ description, ...options }: FieldText & TextOptions) {
  return bareText(options).optional().register(fieldTexts, { description });
}

export function flag(key: string, description: string, usual: boolean) {
  const error = toError({ form: 'true or false', fix: `Write ${key}: true or ${key}: false.` });
  return z.boolean({ error }).default(usual).register(fieldTexts, { description });
}

interface CountOptions {
  readonly key: string;
  readonly least: number;
  readonly most: number;
}

/** A whole number; its description is registered with its default. */
export function count({ key, least, most }: CountOptions) {
  const error = toError({
    form: `a whole number from ${least} to ${most}`,
    fix: `Write ${key}: ${Math.max(least, Math.min(most, 10))}, for example.`,
  });
  return z.int({ error }).min(least, { error }).max(most, { error });
}

interface ListOptions extends FieldText, Expectation {
  readonly item: z.ZodType<string, string>;
}

/** A list of texts, none by default. */
export function list({ item, description, ...expectation }: ListOptions) {
  return z
    .array(item, { error: toError(expectation) })
    .default([])
    .register(fieldTexts, { description });
}

/** One word of several. */
export function choice<const T extends readonly [string, ...string[]]>(
  key: string,
  words: T,
  usual: T[number],
  description: string,
) {
  const error = toError({
    form: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    fix: `Write ${key}: ${usual}.`,
  });
  return z.enum(words, { error }).default(usual).register(fieldTexts, { description });
}

/** A secret, by reference only. A fault never quotes it: `isSecretKey` knows the key. */
export function bareSecret() {
  const error = toError({
    form: `${secretForms}, never the secret itself`,
    fix: 'Put the secret into an environment variable or a file, and write token: $NAME or token: file:/path. A token that stood in this file should be replaced by a new one.',
  });
  return z
    .string({ error })
    .regex(/^(\$|file:|arn:|ssm:)/, { error })
    .transform((value, context) => {
      const reference = parseSecretReference(value);
      if (reference !== undefined) return reference;
      context.issues.push({ code: 'custom', message: error, input: undefined });
      return z.NEVER;
    });
}

export function secret(description: string) {
  return bareSecret().register(fieldTexts, { description });
}

/** The keys whose values are never shown. */
export function isSecretKey(key: unknown): boolean {
  return key === 'token';
}
