// Envoy's NACK texts, made fit to read and to compare.

const maxLength = 1000;

/**
 * The telling part of a NACK's message in one line: without the random filler and the dump of the whole
 * resource that Envoy puts before a failed proto constraint, white space collapsed, cut at 1,000 characters.
 */
export function describeNack(message: string): string {
  const constraint = message.indexOf('Proto constraint validation failed');
  const text = (constraint < 0 ? message : message.slice(constraint)).replace(/\s+/gu, ' ').trim();
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
