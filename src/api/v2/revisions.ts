// GET /api/v2/revisions: what was committed, by whom, when.

import type { RequestHandler } from 'express';
import { NoRevisionError } from '../../commit/desk.ts';
import type { Desk, Revision } from '../../commit/desk.ts';
import type { RevisionContentMessage, RevisionMessage, RevisionsMessage } from './messages.ts';
import { secretType } from './object-type.ts';
import { maxPage, parseCount } from './page.ts';
import { parseParameter, readQuery } from './query.ts';
import { parseRevision, readRevision } from './revision-number.ts';
import { sendJson } from './send.ts';

export const defaultRevisions = 100;

/** Answers a {@link RevisionsMessage}: those below `before`. */
export function createRevisionsHandler(desk: Desk): RequestHandler {
  return async (request, response) => {
    const { before, limit = String(defaultRevisions) } = readQuery(request, ['before', 'limit']);
    const below = before === undefined ? Number.MAX_SAFE_INTEGER : parseParameter('before', before, parseRevision);
    const size = parseParameter('limit', limit, parseCount(1, maxPage));
    const revisions = await desk.revisions(below, size);
    const message: RevisionsMessage = { revisions: revisions.map(buildRevisionMessage) };
    sendJson(response, message);
  };
}

/** Answers a {@link RevisionContentMessage}. */
export function createRevisionHandler(desk: Desk): RequestHandler<{ revision: string }> {
  return async (request, response) => {
    readQuery(request, []);
    const number = readRevision(request.params.revision);
    const [revision] = await desk.revisions(number + 1, 1);
    if (revision?.revision !== number) throw new NoRevisionError(`revision ${number}: no such revision`);
    const { clusters, listeners, secrets } = await desk.content(number);
    const content = { clusters, listeners, secrets: secrets.map(secretType.show) };
    const message: RevisionContentMessage = { ...buildRevisionMessage(revision), content };
    sendJson(response, message);
  };
}

function buildRevisionMessage({ revision, atMs, author, message, rollbackTo, summary }: Revision): RevisionMessage {
  const at = new Date(atMs).toISOString();
  const rollback = rollbackTo === undefined ? {} : { rollback_to: rollbackTo };
  return { revision, at, author, message, ...rollback, summary };
}
