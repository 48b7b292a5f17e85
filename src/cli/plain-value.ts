// A field's value in a cell of a table.

/** Text as it is, lists and objects in a few words. */
export function showPlain(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (Array.isArray(value)) return value.map(showPlain).join(',');
  if (typeof value !== 'object') return String(value);
  return (
    Object.entries(value)
      .map(([key, each]) => `${key}=${showPlain(each)}`)
      .join(',') || '-'
  );
}
