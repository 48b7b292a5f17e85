// Answers of several lines of JSON: how far it is, and the answer as the last one.

import type { Request, Response } from 'express';

export const linesType = 'application/x-ndjson';

/** Sets the type of the answer. True when the caller takes lines before it. */
export function beginLines(request: Pick<Request, 'accepts'>, response: Response): boolean {
  const isLines = request.accepts('application/json', linesType) === linesType;
  response.type(isLines ? linesType : 'json');
  return isLines;
}

export function renderLine(message: object): string {
  return `${JSON.stringify(message)}\n`;
}

/** Who does not read gets the next one that fits. */
export function writeProgress(response: Response, progress: object): void {
  if (!response.writableNeedDrain) response.write(renderLine(progress));
}
