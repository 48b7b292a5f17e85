// Errors as RFC 9457 has them: application/problem+json.

import { STATUS_CODES } from 'node:http';

import type { Response } from 'express';
import type { ProblemMessage } from './messages.ts';

/** What a problem says besides its status and detail. */
export type ProblemMembers = Pick<ProblemMessage, 'faults' | 'code' | 'findings'>;

/** A request that is refused; `message` is the problem's detail, one line. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly members: ProblemMembers;
  /** Headers that belong to the status, as Allow to 405. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, members: ProblemMembers = {}, headers: ProblemError['headers'] = {}) {
    super(detail);
    this.status = status;
    this.members = members;
    this.headers = headers;
  }
}

/** Ends `response` with a problem. It has no type of its own: its status says what kind it is (RFC 9457, 4.2.1). */
export function sendProblem(response: Response, status: number, detail: string, members: ProblemMembers = {}): void {
  const title = STATUS_CODES[status] ?? 'Error';
  const problem: ProblemMessage = { type: 'about:blank', title, status, detail, ...members };
  response.status(status).type('application/problem+json').send(JSON.stringify(problem));
}
