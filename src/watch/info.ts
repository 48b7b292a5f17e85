// The answer to INFO: lines of `field:value`, with headings between them.

// Neither `.` nor `$` goes past a line, whether it ends with LF or with CR LF.
const anyField = /^([^#:\r\n][^:\r\n]*):(.*)$/gmu;

/** For {@link parseInfo}: the fields with these names, of which there are many more. @param names as regular expressions. */
export function fieldsNamed(...names: readonly string[]): RegExp {
  return new RegExp(`^(${names.join('|')}):(.*)$`, 'gmu');
}

/**
 * Fields by name; of one that stands there twice the first. Servers differ in which they have.
 * @param wanted which: all, or some at a fraction of the cost.
 */
export function parseInfo(text: string, wanted: RegExp = anyField): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(wanted)) {
    if (!fields.has(name)) fields.set(name, copyOf(value.trim()));
  }
  return fields;
}

/** A whole number of 0 or more; undefined when the field is not there, or holds something else. */
export function numberOf(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = fields.get(name);
  return text !== undefined && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
}

// A part of a text keeps all of it in memory, which is some kB for each server.
function copyOf(part: string): string {
  return Buffer.from(part).toString();
}
