// What an operator has told to happen now with one server: it is to be left out of what Envoys are given. Beside what
// is declared: never staged, never committed, in force at once (docs/adr/0034).

/** What can be told. `undrain` takes back a `drain`, `enable` a `disable`. */
export const orderVerbs = ['drain', 'undrain', 'disable', 'enable'] as const;

export type OrderVerb = (typeof orderVerbs)[number];

/** Both leave the server out. `drain` is for a while, as for a restart; `disable` until somebody says otherwise. */
export const standingVerbs = ['drain', 'disable'] as const;

export type StandingVerb = (typeof standingVerbs)[number];

/** A server as it is declared. */
export interface ServerRef {
  /** The cluster's name. */
  readonly cluster: string;
  /** ADDRESS:PORT in its canonical spelling. */
  readonly server: string;
}

/** One that stands. A server has one at most. Times are wall-clock time (Unix, ms). */
export interface Order extends ServerRef {
  readonly order: StandingVerb;
  readonly author: string;
  readonly atMs: number;
  /** Undefined: until it is taken back. */
  readonly untilMs?: number | undefined;
  /** Undefined: none was given. */
  readonly message?: string | undefined;
}

/** An order as it was given. */
export interface GivenOrder extends ServerRef {
  readonly order: OrderVerb;
  readonly author: string;
  readonly atMs: number;
  /** Of an order that stands; undefined: until it is taken back. */
  readonly untilMs?: number | undefined;
  readonly message?: string | undefined;
}

export function isStandingVerb(verb: OrderVerb): verb is StandingVerb {
  return standingVerbs.some((each) => each === verb);
}
