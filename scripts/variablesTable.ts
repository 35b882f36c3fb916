import { variables } from '../src/pipe/variables';

/** The table of docs/variables.md, made from the schema that the program itself goes by. */
export function toVariablesTable(): string {
  const rows = variables.map(({ name, required, secret, description, default: fallback }) => {
    const notes = [
      secret ? 'Secret: use a secured variable.' : '',
      fallback ? `Default: \`${fallback}\`.` : '',
    ];
    const text = [description, ...notes].filter((note) => note !== '').join(' ');
    return `| ${name}${required ? ' (*)' : ''} | ${text.replaceAll('|', '\\|')} |`;
  });
  return ['| Variable | Usage |', '| --- | --- |', ...rows].join('\n');
}
