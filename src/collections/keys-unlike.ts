// What differs between two maps whose values tell of a change by their identity.

/** The keys of values that are not the same, or not in both; each once. */
export function keysUnlike<Value>(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): string[] {
  if (a === b) return [];
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}
