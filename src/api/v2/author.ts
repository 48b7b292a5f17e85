// Who makes a change, by the header X-Author: told in staged changes, the history and the log.

import type { IncomingMessage } from 'node:http';

import { printable } from '../../model/values.ts';
import { ProblemError } from './problem.ts';

const anonymous = 'api';
const schema = printable(255);

/** `api` unless the request says it. @throws ProblemError (400) */
export function readAuthor(request: IncomingMessage): string {
  const header = request.headers['x-author'];
  if (header === undefined) return anonymous;
  // Node takes each byte for a character.
  const author = Buffer.from(String(header), 'latin1').toString('utf8');
  const { error } = schema.safeParse(author);
  if (error === undefined && !author.includes('\ufffd')) return author;
  const rule = error?.issues[0]?.message ?? 'must be UTF-8';
  throw new ProblemError(400, `X-Author ${JSON.stringify(author.slice(0, 100))}: ${rule}`);
}
