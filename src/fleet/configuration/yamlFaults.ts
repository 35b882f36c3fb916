import type { ErrorCode } from 'yaml';
import type { ConfigurationFault } from './errors';

/*
 * The library's own sentences may repeat pieces of the file, and with them a token: each of its codes has a text of ours.
 */
interface Text {
  readonly message: string;
  readonly remedy: string;
}

const structure: Text = {
  message: 'This is not YAML: something stands here that does not belong here.',
  remedy:
    'Look at this line and at the one before it: the indentation, a missing colon or quote, a character that YAML reserves.',
};

const quoteIt = "Put the value into single quotes: '*-old', '^(svc|lib)-', '{name}'.";

const texts: Partial<Record<ErrorCode, Text>> = {
  BAD_ALIAS: { message: 'This value begins with * and is read as an alias of YAML.', remedy: quoteIt },
  BAD_SCALAR_START: { message: 'A value of YAML cannot begin with this character.', remedy: quoteIt },
  BAD_DQ_ESCAPE: {
    message: 'In double quotes, \\ begins an escape sequence, and this one does not exist.',
    remedy: 'Put regular expressions into single quotes, where \\ means itself.',
  },
  BAD_INDENT: {
    message: 'The indentation of this line fits nothing above it.',
    remedy: 'Indent the keys of one map by the same number of spaces.',
  },
  TAB_AS_INDENT: {
    message: 'This line is indented with a tab, which YAML does not take.',
    remedy: 'Indent with spaces.',
  },
  DUPLICATE_KEY: {
    message: 'This key stands a second time in the same map.',
    remedy: 'Remove one of the two.',
  },
  MISSING_CHAR: {
    message: 'Something is missing here: a closing quote, bracket or brace, a colon or a comma.',
    remedy: 'Close what was opened before, and separate the parts.',
  },
  MULTIPLE_DOCS: {
    message: 'A second YAML document begins here; this file has one.',
    remedy: 'Remove the line ---, and list all mirrors under one key mirrors.',
  },
  RESOURCE_EXHAUSTION: {
    message: 'The anchors and aliases of this file grow too large.',
    remedy: 'Write the values out where the aliases stand.',
  },
  TAG_RESOLVE_FAILED: {
    message: 'This value has a tag of YAML (!…), which means nothing here.',
    remedy: 'Remove the tag, or put a value that begins with ! into quotes.',
  },
};

/** What a problem of the parser means to the writer of the file. */
export function toYamlFault(
  code: ErrorCode,
  position: { readonly line: number; readonly column: number },
): ConfigurationFault {
  return { ...position, ...(texts[code] ?? structure) };
}
