// How a run of the program ends when it can't do what was asked.

/** What the exit code of the program means. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** What was asked was done, and some Envoy does not run what is committed. */
  notInSync: 3,
  /** The daemon ran into an error that nobody expected; the launcher starts it again. EX_SOFTWARE of sysexits.h. */
  unexpected: 70,
} as const;

/** Ends the run: `message` is one line for the operator, `exitCode` one of {@link exitCodes}. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A flag, variable or word that can't be used. `message`: where the value came from, the value, the rule. */
export class UsageError extends Failure {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(message, exitCodes.usage);
  }
}
