// Names in a line for an operator: the first few of them, and how many more there are.

const maxNamed = 5;

/** @param names as they are to be shown. */
export function nameSome(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).join(', ');
  return names.length > maxNamed ? `${named} and ${names.length - maxNamed} more` : named;
}

/** As JSON writes them. */
export function quoteSome(names: readonly string[]): string {
  return nameSome(names.map((name) => JSON.stringify(name)));
}
