// Envoy's NACK texts, made fit to read, to compare and to keep.

import { redact } from './redaction.ts';
import type { SecretFinder } from './redaction.ts';
import { findSpelledSecrets } from './secret-spelling.ts';

const maxLength = 1000;

// Longer texts are cut before they are searched for secrets; what is told is far shorter.
const maxRead = 16 * 1024;

// So far into a dump its name is looked for.
const maxDumpRead = 64 * 1024;

// A secret that begins before it is whole in what is searched; what follows it is not shown.
const maxTold = 8 * 1024;
const findRest: SecretFinder = ({ length }) => (length > maxTold ? [{ start: maxTold, end: length }] : []);

const failedConstraint = 'Proto constraint validation failed';

// What protobuf puts before a dump, so that nobody parses it: one of several words, and blanks, by chance.
const filler = 'goo.gle/debug';
const fillers = /goo\.gle\/debug\w*\s*/gu;

// The dump of a resource has its name in a line of its own, without indentation.
const dumpedName = /^(?:cluster_)?name: ("(?:\\.|[^"\\\n])*")/mu;

/** Gives what `tell` gives for this text, and may have asked it before. */
type Remember = (telling: string, tell: () => string) => string;

/**
 * The telling part of a NACK's message in one line: of the dump of a whole message that Envoy puts before a failed
 * proto constraint only the name, without protobuf's random filler, without secrets, white space collapsed, cut at
 * 1,000 characters.
 * @param findKnown finds those whose values are known.
 * @param remember is given what Envoys say alike that refuse the same.
 */
export function describeNack(
  message: string,
  findKnown: SecretFinder = () => [],
  remember: Remember = (_, tell) => tell(),
): string {
  const [lead = '', ...rest] = message.split(failedConstraint);
  const parts = rest.length === 0 ? [lead] : [nameFirst(lead), ...rest.slice(0, -1).map(cutDump), ...rest.slice(-1)];
  const telling = parts.join(failedConstraint).slice(0, maxRead).replace(fillers, '');
  return remember(telling, () => {
    const text = redact(telling, [findKnown, findSpelledSecrets, findRest]).replace(/\s+/gu, ' ').trim();
    return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
  });
}

// What stands before the first constraint; when that is a dump and nothing else, the name in it.
function nameFirst(lead: string): string {
  const start = lead.indexOf(filler);
  const isDump = start === 0 || (start < 0 && lead.endsWith('\n: '));
  if (!isDump) return cutDump(lead);
  const [, name] = dumpedName.exec(lead.slice(0, maxDumpRead)) ?? [];
  return name === undefined ? '' : `${name}: `;
}

function cutDump(text: string): string {
  const start = text.indexOf(filler);
  return start < 0 ? text : text.slice(0, start);
}
