// Envoy's NACK texts, made fit to read, to compare and to keep.

const maxLength = 1000;

// Longer texts are cut before they are searched; what is told is far shorter.
const maxRead = 64 * 1024;

// How secrets stand in the dump of a message: `inline_string: "..."`, `"inline_bytes":"..."`, `auth_password { ... "..." }`.
const quotedSecret =
  /((?:inline_string|inline_bytes|password|private_key|secret|token)[a-z_]{0,20}"?\s{0,4}[:=]?\s{0,4}(?:\{\s{0,4}"?[a-z_]{1,20}"?\s{0,4}:?\s{0,4})?)("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)/giu;

/**
 * The telling part of a NACK's message in one line: without the random filler and the dump of the whole resource
 * that Envoy puts before a failed proto constraint, without secrets, white space collapsed, cut at 1,000 characters.
 */
export function describeNack(message: string): string {
  const constraint = message.indexOf('Proto constraint validation failed');
  const telling = (constraint < 0 ? message : message.slice(constraint)).slice(0, maxRead);
  const text = telling.replace(quotedSecret, '$1[redacted]').replace(/\s+/gu, ' ').trim();
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
