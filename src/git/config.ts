/** Sections of a git configuration file: `core` or `protocol "ext"` → key → value, or values. */
export type ConfigSections = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** The text of a git configuration file, with every value quoted (git-config(1), "Syntax"). */
export function toConfigText(sections: ConfigSections): string {
  return Object.entries(sections)
    .map(([section, values]) => {
      const lines = Object.entries(values).flatMap(([key, value]) =>
        [value].flat().map((one) => `\t${key} = ${toQuotedValue(one)}\n`),
      );
      return `[${section}]\n${lines.join('')}`;
    })
    .join('');
}

function toQuotedValue(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
