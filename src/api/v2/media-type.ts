// What a body is, by its Content-Type (RFC 9110, 8.3).

import type { IncomingMessage } from 'node:http';

import { ProblemError } from './problem.ts';

// What curl and fetch say of a body unless they are told what it is: taken for what the call wants first.
const saysNothing = ['', 'application/x-www-form-urlencoded', 'text/plain'];

/**
 * The one of `types` that the body is of.
 * @throws ProblemError (415) when it is none of them, or not in UTF-8; the header Accept, or Accept-Patch, names them
 */
export function readMediaType<const Type extends string>(
  request: IncomingMessage,
  types: readonly [Type, ...Type[]],
): Type {
  const header = request.headers['content-type'] ?? '';
  const [essence = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  const type = saysNothing.includes(essence) ? types[0] : types.find((each) => each === essence);
  const charset = parameters.find((each) => each.startsWith('charset='))?.slice('charset='.length) ?? 'utf-8';
  if (type !== undefined && ['utf-8', '"utf-8"', 'utf8'].includes(charset)) return type;
  const accepted = { [request.method === 'PATCH' ? 'Accept-Patch' : 'Accept']: types.join(', ') };
  const rule = `must be ${types.join(' or ')}, in UTF-8`;
  throw new ProblemError(415, `Content-Type ${JSON.stringify(header.slice(0, 100))}: ${rule}`, {}, accepted);
}
