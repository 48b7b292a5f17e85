// What happens and is told: to people who look, to programs that follow, to metrics. Knows nobody who tells it.

/**
 * `server-*`: what is seen of a server; `server-left-out` and `server-back`: that Envoys are sent to others for it, and no
 * more; `sentinel`: an event of a Sentinel, as it said it; `failover-step`: a step of a failover or switch of ours is
 * done; `acked`: the Envoys have answered what was published, or some have not in time; `trouble`, `trouble-over`: a
 * warning that came, and went.
 */
export const eventTypes = [
  'server-up',
  'server-suspect',
  'server-down',
  'server-recovering',
  'server-left-out',
  'server-back',
  'primary-changed',
  'sentinel',
  'failover-step',
  'order',
  'commit',
  'nack',
  'acked',
  'trouble',
  'trouble-over',
] as const;

export type EventType = (typeof eventTypes)[number];

/** What a program wants of an event. Of `failover-step` at least `step` and `ms`, of `acked` `ms`, `envoys` and `missing`. */
export type EventData = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Times are wall-clock time (Unix, ms). */
export interface NewEvent {
  readonly type: EventType;
  /** When it happened; undefined: now. */
  readonly atMs?: number | undefined;
  /** Undefined: it concerns none, or several. */
  readonly cluster?: string | undefined;
  /** ADDRESS:PORT. */
  readonly server?: string | undefined;
  /** One line for people. */
  readonly message: string;
  /** Of what led to a publication: when it happened; from then on it is counted until the Envoys have it. */
  readonly causeMs?: number | undefined;
  readonly data?: EventData | undefined;
}

/** An event as it is kept. */
export interface NumberedEvent {
  /** From 1, without gaps. */
  readonly id: number;
  readonly atMs: number;
  readonly type: EventType;
  readonly cluster?: string | undefined;
  readonly server?: string | undefined;
  readonly message: string;
  readonly data?: EventData | undefined;
}

/** Takes an event from whoever has one; returns at once and never throws. */
export type OnEvent = (event: NewEvent) => void;
