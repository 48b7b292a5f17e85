// How often what happened, how long it took until the Envoys knew, and how long the steps of failovers took: counted as it
// is told, however much of it is kept.

import type { Registry } from 'prom-client';

import { eventTypes } from '../events/event.ts';
import type { EventType, NewEvent } from '../events/event.ts';
import { Distribution } from './distribution.ts';
import { addCounter, addHistogram } from './series.ts';

// From a push on a quiet machine to an Envoy that never answered.
const boundsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

// Whatever they are called.
const maxSteps = 32;
const otherSteps = 'other';

export class EventCounters {
  readonly counts: Readonly<Record<EventType, number>>;
  /** Seconds. */
  readonly causeToAck = new Distribution(boundsSeconds);
  /** The same by the name of the step. */
  readonly steps = new Map([[otherSteps, new Distribution(boundsSeconds)]]);
  readonly #counts: Record<EventType, number>;

  constructor() {
    this.#counts = Object.fromEntries(eventTypes.map((type) => [type, 0])) as Record<EventType, number>;
    this.counts = this.#counts;
  }

  note({ type, data }: NewEvent): void {
    this.#counts[type] += 1;
    const ms = data?.['ms'];
    if (typeof ms !== 'number') return;
    if (type === 'acked') this.causeToAck.observe(ms / 1_000);
    if (type === 'failover-step') this.#stepOf(String(data?.['step'])).observe(ms / 1_000);
  }

  #stepOf(name: string): Distribution {
    const key = this.steps.has(name) || this.steps.size < maxSteps ? name : otherSteps;
    let distribution = this.steps.get(key);
    if (distribution === undefined) this.steps.set(key, (distribution = new Distribution(boundsSeconds)));
    return distribution;
  }
}

export function addEventMetrics(registry: Registry, counters: EventCounters): void {
  addCounter(registry, { name: 'controlplane_events_total', help: 'What happened, by type', labelNames: ['type'] }, () =>
    eventTypes.map((type) => ({ labels: { type }, value: counters.counts[type] })),
  );
  addHistogram(
    registry,
    {
      name: 'controlplane_cause_to_ack_seconds',
      help: 'From what led to a publication, as a server seen down, an order or a commit, to the last ACK of an Envoy',
    },
    () => [{ labels: {}, distribution: counters.causeToAck }],
  );
  addHistogram(registry, { name: 'controlplane_failover_step_seconds', help: 'Steps of failovers and switches' }, () =>
    Array.from(counters.steps, ([step, distribution]) => ({ labels: { step }, distribution })),
  );
}
