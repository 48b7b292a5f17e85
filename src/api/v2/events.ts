// GET /api/v2/events: what happened, page by page, or as it happens.

import type { Request, RequestHandler } from 'express';

import type { EventQuery, EventReader } from '../../events/event-log.ts';
import { eventTypes } from '../../events/event.ts';
import type { EventType } from '../../events/event.ts';
import { CallLimit } from '../call-limit.ts';
import { buildEventMessage } from './event-message.ts';
import { eventStreamType, followEvents } from './event-stream.ts';
import type { EventsMessage } from './messages.ts';
import { maxPage, parseCount } from './page.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import { sendJson, sendPieces } from './send.ts';
import { signalWhenGone } from './signal-when-gone.ts';

export interface EventsParts {
  readonly events: EventReader;
  /** Aborted when the control plane stops: then nobody is told any more. */
  readonly stopping: AbortSignal;
}

export const defaultEvents = 100;

// Each is told of all that happens, and asks for it.
const maxFollowers = 64;

/**
 * Answers an {@link EventsMessage}: the events behind the one with the id `after`. To who accepts text/event-stream it
 * sends them as they come, from now on unless `after` or the header Last-Event-ID, which goes before it, say otherwise.
 */
export function createEventsHandler({ events, stopping }: EventsParts): RequestHandler {
  const limit = new CallLimit(maxFollowers);
  return async (request, response) => {
    const query = readEventsQuery(request);
    if (request.accepts('application/json', eventStreamType) !== eventStreamType) {
      sendJson(response, await readPage(events, { ...query, after: query.after ?? 0 }));
      return;
    }
    if (limit.isReached) throw new ProblemError(503, `${maxFollowers} others follow the events already: ask again later`);
    const after = readLastEventId(request) ?? query.after ?? events.last;
    response.set({ 'Content-Type': eventStreamType, 'Cache-Control': 'no-store' }).flushHeaders();
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const signal = AbortSignal.any([stopping, signalWhenGone(response)]);
    await limit.count(sendPieces(response, followEvents(events, { ...query, after }, signal)));
  };
}

async function readPage(events: EventReader, query: EventQuery): Promise<EventsMessage> {
  const page = await events.read(query);
  const isLast = page.events.length < query.limit || page.through >= events.last;
  return { events: page.events.map(buildEventMessage), ...(!isLast && { next: page.through }) };
}

function readEventsQuery(request: Request): Omit<EventQuery, 'after'> & { readonly after: number | undefined } {
  const { after, limit = String(defaultEvents), cluster, type } = readQuery(request, ['after', 'limit', 'cluster', 'type']);
  return {
    after: after === undefined ? undefined : parseParameter('after', after, parseId),
    limit: parseParameter('limit', limit, parseCount(1, maxPage)),
    cluster,
    type: type === undefined ? undefined : parseParameter('type', type, parseType),
  };
}

const parseId = parseCount(0, Number.MAX_SAFE_INTEGER);

/** Undefined: it is not given. */
function readLastEventId(request: Request): number | undefined {
  const text = request.get('Last-Event-ID');
  return text === undefined ? undefined : parseParameter('Last-Event-ID', text, parseId);
}

function parseType(text: string): EventType {
  const type = eventTypes.find((each) => each === text);
  if (type === undefined) throw new Error(`must be one of ${eventTypes.join(', ')}`);
  return type;
}
