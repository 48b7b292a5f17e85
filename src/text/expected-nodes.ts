// Whom an operator expects to be in sync, as it is written for commands and in the API.

const maxAtLeast = 1_000_000;

/** A number of nodes. Throws an Error whose message is the rule that `text` breaks. */
export function parseAtLeast(text: string): number {
  const number = /^\d{1,7}$/u.test(text) ? Number(text) : 0;
  if (number < 1 || number > maxAtLeast) throw new Error(`must be a whole number from 1 to ${maxAtLeast}`);
  return number;
}

/** Node ids, each once, in the order given. Throws as {@link parseAtLeast} does. */
export function parseExpect(text: string): string[] {
  const nodeIds = text.split(',');
  if (nodeIds.includes('')) throw new Error('must be node ids with commas between them');
  return [...new Set(nodeIds)];
}
