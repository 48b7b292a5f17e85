// How much there is to warn of now, by code, as the status has it.

import type { Registry } from 'prom-client';

import type { Warning } from '../commit/published.ts';
import { addGauge } from './series.ts';

// `step`: told in the plan of what brings it, and not of what is there.
const kinds: Readonly<Record<Warning['code'], 'standing' | 'step'>> = {
  'names-exceed-limits': 'standing',
  'name-in-bootstrap': 'standing',
  'no-catch-all': 'standing',
  'address-of-control-plane': 'standing',
  'endpoint-is-listener': 'standing',
  'mirror-shares-server': 'standing',
  'certificate-expires': 'standing',
  'own-certificate-expires': 'standing',
  'secrets-in-clear': 'standing',
  'secrets-withheld': 'standing',
  'old-envoy': 'standing',
  'name-not-found': 'standing',
  'keys-misplaced': 'standing',
  'servers-held': 'standing',
  'sentinel-quorum': 'standing',
  'sentinels-disagree': 'standing',
  'sentinel-unreachable': 'standing',
  'sentinel-master-unknown': 'standing',
  'sentinel-stale': 'standing',
  'sentinel-tilt': 'standing',
  'sentinel-silent': 'standing',
  'two-primaries': 'standing',
  'no-primary': 'standing',
  'primary-empty': 'standing',
  'primary-is-replica': 'standing',
  'failover-held': 'standing',
  'primary-unreachable': 'standing',
  'promotion-pending': 'standing',
  'seeds-unreachable': 'standing',
  'seeds-replaced': 'standing',
  'cluster-unseen': 'standing',
  'slots-uncovered': 'standing',
  'cluster-node-failed': 'standing',
  'cluster-views-differ': 'standing',
  'left-out-by-order': 'standing',
  'old-routes': 'step',
  'reads-unchecked': 'step',
  'custom-command-as-read': 'step',
  'few-seeds': 'step',
  'multi-ends-envoy': 'step',
  'upstream-reconnects': 'step',
  'not-in-v2': 'step',
};

/** @param warnings the codes of what there is to warn of, asked at each scrape. */
export function addWarningMetrics(registry: Registry, warnings: () => readonly string[]): void {
  const help = 'What there is to warn of, as the status has it, by code';
  const codes = Object.entries(kinds).flatMap(([code, kind]) => (kind === 'standing' ? [code] : []));
  addGauge(registry, { name: 'controlplane_warnings', help, labelNames: ['code'] }, () => {
    const found = warnings();
    return codes.map((code) => ({ labels: { code }, value: found.filter((each) => each === code).length }));
  });
}
