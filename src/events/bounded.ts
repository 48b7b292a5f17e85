// An event that takes no more room than it may, whatever Envoys, Sentinels and servers put into it.

import type { EventData, NewEvent } from './event.ts';

type Bounded = Omit<NewEvent, 'atMs' | 'causeMs'>;

const maxMessage = 1_000;
const maxText = 500;
const maxItems = 20;

/** The same with what is too long cut. */
export function withinBounds(event: Bounded): Bounded {
  const { message, data } = event;
  return { ...event, message: cut(message, maxMessage), data: data && boundData(data) };
}

function boundData(data: EventData): EventData {
  const entries = Object.entries(data).slice(0, maxItems);
  return Object.fromEntries(entries.map(([key, value]) => [cut(key, maxText), boundValue(value)]));
}

function boundValue(value: EventData[string]): EventData[string] {
  if (typeof value === 'string') return cut(value, maxText);
  return typeof value === 'object' ? value.slice(0, maxItems).map((each) => cut(each, maxText)) : value;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…`.toWellFormed() : text.toWellFormed();
}
