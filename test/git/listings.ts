import { createListingReader } from '../../src/git/listing';

/** A listing of this text, its refs as a Map. */
export function readText(text: string): { refs: Map<string, string>; head: string | undefined } {
  const reader = createListingReader();
  for (const line of text.split('\n')) if (line !== '') reader.add(line);
  const { refs, head } = reader.end();
  return { refs: new Map(refs), head };
}
