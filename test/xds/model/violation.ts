// What a run of the model ends with when the server broke a rule.

/** The rules, as the catalogue of the xDS protocol's invariants has them; a violation names one. */
export type Rule =
  | 'convergence'
  | 'silence'
  | 'order'
  | 'nonces and versions'
  | 'well-formed responses'
  | 'release'
  | 'bounded queues'
  | 'no needless response'
  | 'stays up';

export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(rule: Rule, what: string) {
    super(`${rule}: ${what}`);
  }
}

/** Throws a Violation unless `holds`. `what` says in words what is wrong. */
export function demand(holds: boolean, rule: Rule, what: () => string): asserts holds {
  if (!holds) throw new Violation(rule, what());
}
