// Certificates that expire: said weeks before. Pure.

import type { Secret } from '../model/objects.ts';
import type { Warning } from './warnings.ts';

const dayMs = 24 * 3_600_000;
const warnedBeforeMs = 30 * dayMs;

/** One for each that has expired, or will in the next 30 days. */
export function findExpiring(secrets: Iterable<Secret>, nowMs: number): Warning[] {
  return Array.from(secrets).flatMap(({ name, kind, subject, not_after: end }) => {
    const leftMs = end === undefined ? Infinity : Date.parse(end) - nowMs;
    if (leftMs > warnedBeforeMs) return [];
    const when = leftMs <= 0 ? `expired on ${end}` : `expires in ${Math.ceil(leftMs / dayMs)} days, on ${end}`;
    const message = `secret ${JSON.stringify(name)}: the ${kind} (${JSON.stringify(subject)}) ${when}`;
    return [{ code: 'certificate-expires', message }];
  });
}
