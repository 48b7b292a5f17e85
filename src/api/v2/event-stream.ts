// Events as they come, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). They are
// read when they are sent: who reads slowly is behind, and nothing is kept for it.

import type { EventQuery, EventReader } from '../../events/event-log.ts';
import type { NumberedEvent } from '../../events/event.ts';
import { buildEventMessage } from './event-message.ts';

export const eventStreamType = 'text/event-stream';

// A proxy or a client may take silence for the end.
const heartbeatMs = 15_000;

/** Ends when `signal` is aborted. Each piece is asked for when the one before has left. */
export async function* followEvents(
  events: EventReader,
  query: EventQuery,
  signal: AbortSignal,
  silenceMs = heartbeatMs,
): AsyncGenerator<string> {
  const news = new News(events, signal);
  try {
    let { after } = query;
    // From where it goes on when it is cut off before anything comes.
    yield renderPlace(after);
    while (!signal.aborted) {
      news.forget();
      const page = await events.read({ ...query, after });
      after = page.through;
      if (page.events.length > 0) yield page.events.map(renderEvent).join('');
      else if (!(await news.within(silenceMs)) && !signal.aborted) yield `:\n${renderPlace(after)}`;
    }
  } finally {
    news.end();
  }
}

function renderPlace(id: number): string {
  return `id: ${id}\n\n`;
}

function renderEvent(event: NumberedEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(buildEventMessage(event))}\n\n`;
}

/** Whether something has come. */
class News {
  readonly #end: () => void;
  #isThere = false;
  #wake: () => void = () => undefined;

  constructor(events: EventReader, signal: AbortSignal) {
    const tell = (): void => {
      this.#isThere = true;
      this.#wake();
    };
    const unfollow = events.follow(tell);
    signal.addEventListener('abort', tell);
    this.#end = () => {
      unfollow();
      signal.removeEventListener('abort', tell);
    };
  }

  forget(): void {
    this.#isThere = false;
  }

  /** True when something has come since it was forgotten, or does within so long. */
  async within(timeoutMs: number): Promise<boolean> {
    if (!this.#isThere) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
    }
    return this.#isThere;
  }

  end(): void {
    this.#end();
  }
}
