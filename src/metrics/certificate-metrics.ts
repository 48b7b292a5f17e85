// When certificates expire: two metrics, however many certificates there are.

import type { Registry } from 'prom-client';

import { addGauge } from './series.ts';

const dayMs = 24 * 3_600_000;
const states = ['expired', 'expiring', 'valid'] as const;

/** @param ends of what is committed (Unix, ms), asked at each scrape. @param nowMs of the same clock. */
export function addCertificateMetrics(registry: Registry, ends: () => readonly number[], nowMs = Date.now): void {
  const stateOf = (endMs: number): (typeof states)[number] => {
    const leftMs = endMs - nowMs();
    return leftMs <= 0 ? 'expired' : leftMs <= 30 * dayMs ? 'expiring' : 'valid';
  };
  const help = 'Certificates and CAs that are committed; expiring: within 30 days';
  addGauge(registry, { name: 'controlplane_certificates', help, labelNames: ['state'] }, () => {
    const found = ends().map(stateOf);
    return states.map((state) => ({ labels: { state }, value: found.filter((each) => each === state).length }));
  });
  const first = 'When the first of them expires, in Unix time; +Inf when there is none';
  addGauge(registry, { name: 'controlplane_certificate_expiry_timestamp_seconds', help: first, labelNames: [] }, () => {
    // Of none it is Infinity.
    return [{ labels: {}, value: Math.min(...ends()) / 1_000 }];
  });
}
