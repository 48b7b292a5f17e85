// GET /api/v2/log: who changed what, when, entry by entry.

import type { RequestHandler } from 'express';
import type { Desk, NumberedEntry } from '../../commit/desk.ts';
import { listEdits } from '../../inventory/edits.ts';
import type { Edits } from '../../inventory/edits.ts';
import type { EntryMessage, LogMessage } from './messages.ts';
import { maxPage, parseCount } from './page.ts';
import { parseParameter, readQuery } from './query.ts';
import { sendJson } from './send.ts';

export const defaultEntries = 100;

// Of an entry, which may be about all there is.
const maxObjects = 100;

/** Answers a {@link LogMessage}: the entries behind number `after`. */
export function createLogHandler(desk: Desk): RequestHandler {
  return async (request, response) => {
    const { after = '0', limit = String(defaultEntries) } = readQuery(request, ['after', 'limit']);
    const number = parseParameter('after', after, parseCount(0, Number.MAX_SAFE_INTEGER));
    const size = parseParameter('limit', limit, parseCount(1, maxPage));
    const message: LogMessage = { entries: (await desk.entriesAfter(number, size)).map(buildEntryMessage) };
    sendJson(response, message);
  };
}

function buildEntryMessage(entry: NumberedEntry): EntryMessage {
  const { number, author, atMs } = entry;
  const head = { number, at: new Date(atMs).toISOString(), author };
  switch (entry.type) {
    case 'stage':
      return { ...head, type: 'stage', ...nameObjects(objectsOf(entry.edits)) };
    case 'discard': {
      const objects = entry.objects.map(({ kind, name }) => ({ kind, name, change: 'discarded' as const }));
      return { ...head, type: 'discard', ...nameObjects(objects) };
    }
    case 'commit': {
      const { revision, message, rollbackTo } = entry;
      const rollback = rollbackTo === undefined ? {} : { rollback_to: rollbackTo };
      return { ...head, type: 'commit', revision, message, ...rollback, ...nameObjects(objectsOf(entry.edits)) };
    }
    case 'order': {
      const { order, cluster, server, untilMs, message } = entry;
      const until = untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() };
      return { ...head, type: 'order', order, cluster, server, ...until, ...(message !== undefined && { message }) };
    }
  }
}

type EntryObjects = Extract<EntryMessage, { readonly type: 'stage' }>['objects'];

function nameObjects(objects: EntryObjects): { count: number; objects: EntryObjects } {
  return { count: objects.length, objects: objects.slice(0, maxObjects) };
}

function objectsOf(edits: Edits): EntryObjects {
  return listEdits(edits).map(({ kind, name, after }) => ({ kind, name, change: after === undefined ? 'removed' : 'set' }));
}
