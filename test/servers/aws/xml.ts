/** A value as IAM's query protocol writes it: lists as `member`, nothing for what is not there. */
export type XmlValue =
  | string
  | boolean
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue | undefined }
  | undefined;

export function toXml(value: XmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escapeXml(value);
  if (typeof value === 'boolean') return String(value);
  if (isList(value)) return value.map((item) => `<member>${toXml(item)}</member>`).join('');
  return Object.entries(value)
    .map(([name, inside]) => (inside === undefined ? '' : `<${name}>${toXml(inside)}</${name}>`))
    .join('');
}

function isList(value: object): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
