// Envoy's NACK texts, made fit to read, to compare and to keep.

const maxLength = 1000;

// Longer texts are cut before they are searched; what is told is far shorter.
const maxRead = 64 * 1024;

const secretWords =
  'inline_string|inline_bytes|passw(?:or)?d|passphrase|pwd|credential|private_key|secret|token|(?:api|access)[_-]?key';

const secretField = `(?:${secretWords})[a-z_-]{0,20}`;

const redacted = '[redacted]';

// How secrets stand in a text. The parts that repeat are bounded: a text from outside must not take long to search.
const secrets: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // In the dump of a message: `inline_string: "..."`, `"inline_bytes":"..."`, `auth_password { ... "..." }`.
  [
    new RegExp(
      String.raw`(${secretField}"?\s{0,4}[:=]?\s{0,4}(?:\{\s{0,4}"?[a-z_]{1,20}"?\s{0,4}:?\s{0,4})?)` +
        String.raw`("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)`,
      'giu',
    ),
    `$1${redacted}`,
  ],
  // Without quotes.
  [new RegExp(String.raw`(${secretField}\s{0,4}[:=]\s{0,4})[^\s"'{}[\],;]+`, 'giu'), `$1${redacted}`],
  [/(authorization"?\s{0,4}[:=]\s{0,4}"?(?:(?:bearer|basic)\s{1,4})?)[^\s"',}]+/giu, `$1${redacted}`],
  // In Redis's configuration.
  [/((?:requirepass|masterauth)\s{1,4})[^\s"',}]+/giu, `$1${redacted}`],
  // The password in a URL.
  [/(:\/\/[^\s/@:]{0,200}:)[^\s/@]{1,500}@/gu, `$1${redacted}@`],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,40}-----|$)/gu, redacted],
];

const failedConstraint = 'Proto constraint validation failed';

// What protobuf puts before a dump, so that nobody parses it: one of several words, and blanks, by chance.
const filler = 'goo.gle/debug';
const fillers = /goo\.gle\/debug\w*\s*/gu;

// The dump of a resource has its name in a line of its own, without indentation.
const dumpedName = /^(?:cluster_)?name: ("(?:\\.|[^"\\\n])*")/mu;

/**
 * The telling part of a NACK's message in one line: of the dump of a whole message that Envoy puts before a failed
 * proto constraint only the name, without protobuf's random filler, without secrets, white space collapsed, cut at
 * 1,000 characters.
 */
export function describeNack(message: string): string {
  const [lead = '', ...rest] = message.split(failedConstraint);
  const parts = rest.length === 0 ? [lead] : [nameFirst(lead), ...rest.slice(0, -1).map(cutDump), ...rest.slice(-1)];
  const telling = parts.join(failedConstraint).slice(0, maxRead).replace(fillers, '');
  const safe = secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), telling);
  const text = safe.replace(/\s+/gu, ' ').trim();
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

// What stands before the first constraint; when that is a dump and nothing else, the name in it.
function nameFirst(lead: string): string {
  const start = lead.indexOf(filler);
  const isDump = start === 0 || (start < 0 && lead.endsWith('\n: '));
  if (!isDump) return cutDump(lead);
  const [, name] = dumpedName.exec(lead.slice(0, maxRead)) ?? [];
  return name === undefined ? '' : `${name}: `;
}

function cutDump(text: string): string {
  const start = text.indexOf(filler);
  return start < 0 ? text : text.slice(0, start);
}
