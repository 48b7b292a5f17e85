// GET /api/v2/diff, GET /api/v2/revisions/N/diff/M and POST /api/v2/plan: what would change, or did.

import type { RequestHandler, Response } from 'express';
import type { Desk, ObjectChange, Plan } from '../../commit/desk.ts';
import { readOptions } from './json-body.ts';
import type { ChangedObjectMessage, DiffMessage, ObjectChangeMessage, PlanMessage } from './messages.ts';
import { showObject } from './object-type.ts';
import { parseParameter, readQuery } from './query.ts';
import { parseRevision, readRevision } from './revision-number.ts';
import { planRequestSchema } from './schemas/declared.ts';
import { sendJson } from './send.ts';

/** Answers a {@link DiffMessage}. */
export function createDiffHandler(desk: Desk): RequestHandler {
  return async (request, response) => {
    const { from, to } = readQuery(request, ['from', 'to']);
    const { changes } = await desk.diff(
      from === undefined ? undefined : parseParameter('from', from, parseRevision),
      to === undefined ? undefined : parseParameter('to', to, parseRevision),
    );
    sendDiff(response, changes);
  };
}

/** Answers a {@link DiffMessage}. */
export function createRevisionDiffHandler(desk: Desk): RequestHandler<{ from: string; to: string }> {
  return async (request, response) => {
    readQuery(request, []);
    const { changes } = await desk.diff(readRevision(request.params.from), readRevision(request.params.to));
    sendDiff(response, changes);
  };
}

/** Answers a {@link DiffMessage}. */
export function sendDiff(response: Response, changes: readonly ObjectChange[]): void {
  const message: DiffMessage = { changes: changes.map(buildObjectChange) };
  sendJson(response, message);
}

/** Answers a {@link PlanMessage}. */
export function createPlanHandler(desk: Desk): RequestHandler {
  return async (request, response) => {
    readQuery(request, []);
    await readOptions(request, planRequestSchema);
    sendJson(response, buildPlanMessage(await desk.plan()));
  };
}

function buildPlanMessage({ changes, ...plan }: Plan): PlanMessage {
  const { token, revision, errors, guards, warnings, resources } = plan;
  return { token, revision, changes: changes.map(buildObjectChange), errors, guards, warnings, resources };
}

// What was added or removed is told whole, what has changed by its fields.
function buildObjectChange(change: ObjectChange): ObjectChangeMessage {
  const { before, after, fields } = change;
  return {
    ...buildChangedObject(change),
    fields: fields.map((each) => ({ field: each.field, before: each.before, after: each.after })),
    ...(change.change === 'removed' ? { before: before && showObject(before) } : {}),
    ...(change.change === 'added' ? { after: after && showObject(after) } : {}),
  };
}

export function buildChangedObject({ kind, name, change }: ChangedObjectMessage): ChangedObjectMessage {
  return { kind, name, change };
}
