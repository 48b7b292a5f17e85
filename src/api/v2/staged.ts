// GET /api/v2/staged and POST /api/v2/discard: the staging area.

import type { RequestHandler } from 'express';
import type { Declarations, Desk } from '../../commit/desk.ts';
import { readAuthor } from './author.ts';
import { readOptions } from './json-body.ts';
import type { DiscardedMessage, StagedMessage } from './messages.ts';
import { isKnown, readConditions, requireStaging, stagingTag } from './precondition.ts';
import { readQuery } from './query.ts';
import { discardRequestSchema } from './schemas/declared.ts';
import { sendJson } from './send.ts';

/** Answers a {@link StagedMessage}; its ETag is that of the staging area. */
export function createStagedHandler(desk: Desk): RequestHandler {
  return (request, response) => {
    readQuery(request, []);
    const { declarations } = desk;
    const tag = stagingTag(declarations.lastEntry);
    response.set('ETag', tag);
    if (isKnown(request, tag)) response.status(304).end();
    else sendJson(response, buildStagedMessage(declarations));
  };
}

function buildStagedMessage(declarations: Declarations): StagedMessage {
  return {
    changes: declarations.staged.map(({ kind, name, after, author, atMs }) => {
      const isNew = declarations.get('committed', kind, name) === undefined;
      const change = after === undefined ? 'removed' : isNew ? 'added' : 'changed';
      return { kind, name, change, author, at: new Date(atMs).toISOString() };
    }),
  };
}

/** Answers a {@link DiscardedMessage}. */
export function createDiscardHandler(desk: Desk): RequestHandler {
  return async (request, response) => {
    readQuery(request, []);
    const author = readAuthor(request);
    const { kind, name } = await readOptions(request, discardRequestSchema);
    const objects = kind === undefined || name === undefined ? 'all' : [{ kind, name }];
    const discarded = await desk.discard(objects, author, requireStaging(readConditions(request)));
    const message: DiscardedMessage = { discarded: discarded.map((each) => ({ kind: each.kind, name: each.name })) };
    sendJson(response, message);
  };
}
