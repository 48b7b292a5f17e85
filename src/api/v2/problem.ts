// Errors as RFC 9457 has them: application/problem+json.

import { STATUS_CODES } from 'node:http';

import type { Response } from 'express';
import type { ProblemMessage } from './messages.ts';

/** A request that is refused; `message` is the problem's detail, one line. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** Ends `response` with a problem. It has no type of its own: its status says what kind it is (RFC 9457, 4.2.1). */
export function sendProblem(response: Response, status: number, detail: string): void {
  const problem: ProblemMessage = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
  response.status(status).type('application/problem+json').send(JSON.stringify(problem));
}
