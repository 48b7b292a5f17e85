// The answer to INFO: lines of `field:value`, with headings between them.

/** Fields by name; of one that stands there twice the first. Servers differ in which they have. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/u)) {
    const colon = line.indexOf(':');
    if (colon <= 0 || line.startsWith('#')) continue;
    const name = line.slice(0, colon);
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** A whole number of 0 or more; undefined when the field is not there, or holds something else. */
export function numberOf(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = fields.get(name);
  return text !== undefined && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
}
