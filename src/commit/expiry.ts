// Certificates that expire: said weeks before. Pure.

import type { Secret } from '../model/objects.ts';
import type { Warning } from './warnings.ts';

const dayMs = 24 * 3_600_000;
const warnedBeforeMs = 30 * dayMs;

/** A file with a certificate, or CAs, of our own ports. */
export interface OwnCertificate {
  readonly path: string;
  /** Since 1970. */
  readonly notAfterMs: number;
}

/** One for each that has expired, or will in the next 30 days. */
export function findExpiring(secrets: Iterable<Secret>, nowMs: number): Warning[] {
  return Array.from(secrets).flatMap(({ name, kind, subject, not_after: end }) => {
    const when = end === undefined ? undefined : describeEnd(Date.parse(end), nowMs);
    if (when === undefined) return [];
    const message = `secret ${JSON.stringify(name)}: the ${kind} (${JSON.stringify(subject)}) ${when}`;
    return [{ code: 'certificate-expires', message }];
  });
}

/** The same of our own: after that Envoys don't come back. */
export function findExpiringOwn(certificates: readonly OwnCertificate[], nowMs: number): Warning[] {
  return certificates.flatMap(({ path, notAfterMs }) => {
    const when = describeEnd(notAfterMs, nowMs);
    if (when === undefined) return [];
    const message = `ports of the control plane: the certificate in ${JSON.stringify(path)} ${when}`;
    return [{ code: 'own-certificate-expires', message }];
  });
}

function describeEnd(endMs: number, nowMs: number): string | undefined {
  const leftMs = endMs - nowMs;
  if (leftMs > warnedBeforeMs) return undefined;
  const end = new Date(endMs).toISOString();
  return leftMs <= 0 ? `expired on ${end}` : `expires in ${Math.ceil(leftMs / dayMs)} days, on ${end}`;
}
