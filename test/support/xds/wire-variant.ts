// The ways a client can come, and a test per way.

import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { ApiVersion } from './discovery-api.ts';

/** API version, and whether all types share one stream or each has its own. */
export interface WireVariant {
  readonly apiVersion: ApiVersion;
  readonly isAggregated: boolean;
}

export const aggregated: readonly WireVariant[] = [
  { apiVersion: 'v2', isAggregated: true },
  { apiVersion: 'v3', isAggregated: true },
];

export const perType: readonly WireVariant[] = [
  { apiVersion: 'v2', isAggregated: false },
  { apiVersion: 'v3', isAggregated: false },
];

export const allVariants: readonly WireVariant[] = [...aggregated, ...perType];

/** Registers one test per variant. `name` begins with the id of the scenario in the catalogue of the xDS protocol. */
export function scenario(
  name: string,
  variants: readonly WireVariant[],
  run: (t: TestContext, variant: WireVariant) => Promise<void>,
): void {
  for (const variant of variants) {
    const { apiVersion, isAggregated } = variant;
    test(`${name} (${apiVersion}, ${isAggregated ? 'aggregated' : 'per type'})`, (t) => run(t, variant));
  }
}
