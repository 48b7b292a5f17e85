// Query parameters: each is known, given once, and has a value that can be used.

import type { Request } from 'express';
import { ProblemError } from './problem.ts';

/**
 * The parameters given, of those that the call knows.
 * @throws ProblemError (400) for one that it does not know, and for one given twice: to pass over it would do something
 * else than was asked.
 */
export function readQuery<const Name extends string>(
  request: Pick<Request, 'originalUrl'>,
  known: readonly Name[],
): Partial<Record<Name, string>> {
  const query: Partial<Record<Name, string>> = {};
  const [, text = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  for (const [name, value] of new URLSearchParams(text)) {
    const match = known.find((each) => each === name);
    if (match === undefined) {
      throw new ProblemError(400, `${quote(name)}: no such parameter, only ${known.join(', ') || 'none'}`);
    }
    if (query[match] !== undefined) throw new ProblemError(400, `${match}: must be given once`);
    query[match] = value;
  }
  return query;
}

/**
 * What `parse` makes of a parameter's value.
 * @throws ProblemError (400) with name, value and rule, when `parse` throws; the message of its error is the rule.
 */
export function parseParameter<T>(name: string, value: string, parse: (value: string) => T): T {
  try {
    return parse(value);
  } catch (error) {
    throw new ProblemError(400, `${name} ${quote(value)}: ${(error as Error).message}`);
  }
}

const maxQuotedLength = 64;

function quote(text: string): string {
  return JSON.stringify(text.length > maxQuotedLength ? `${text.slice(0, maxQuotedLength)}...` : text);
}
