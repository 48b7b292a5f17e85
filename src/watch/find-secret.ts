// The secrets that servers are asked with: what each holds, or one line on why nobody can be asked with it.

import type { Secret, SecretValue } from '../model/objects.ts';

/** It is there, and what it holds can't be had: `problem` says why, as `can't be opened`. */
export interface UnusableSecret {
  readonly kind: 'unusable';
  readonly problem: string;
}

/** Undefined: there is none of that name. */
export type FindSecret = (name: string) => SecretValue | UnusableSecret | undefined;

/** Where a secret is named, and what it must be. */
export interface SecretUse {
  /** As `upstream_tls.ca`. */
  readonly field: string;
  readonly secret: string;
  readonly kind: Secret['kind'];
}

/** One line, of the first that can't be used; undefined: all can. */
export function findSecretProblem(uses: readonly SecretUse[], findSecret: FindSecret): string | undefined {
  for (const { field, secret, kind } of uses) {
    const problem = describeProblem(findSecret(secret), kind);
    if (problem !== undefined) return `${field}: secret ${JSON.stringify(secret)} ${problem}`;
  }
  return undefined;
}

function describeProblem(found: ReturnType<FindSecret>, kind: Secret['kind']): string | undefined {
  if (found === undefined) return 'is missing: declare it (secret set), or name another';
  if (found.kind === 'unusable') return `${found.problem}: give it its value again (secret set)`;
  return found.kind === kind ? undefined : `is a ${found.kind}, and must be a ${kind}: name another`;
}
