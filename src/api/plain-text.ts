// Answers in plain text, as Go's http.Error writes them.

import type { Response } from 'express';

/** Ends `response` with `status` and `message` as a line of text that no browser takes for anything else. */
export function sendPlainText(response: Response, status: number, message: string): void {
  response
    .status(status)
    .set({ 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' })
    .send(`${message}\n`);
}
