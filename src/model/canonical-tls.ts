// One form for what is declared of TLS.

import type { z } from 'zod';

import type { DownstreamTls, UpstreamTls } from './objects.ts';
import { canonicalSan } from './tls.ts';
import type { downstreamTlsSchema, upstreamTlsSchema } from './tls.ts';

/** Names in one spelling, sorted; fields in order. */
export function canonicalUpstreamTls(tls: z.output<typeof upstreamTlsSchema> | undefined): UpstreamTls | undefined {
  if (tls === undefined) return undefined;
  const { ca, insecure, sni, sans, certificate } = tls;
  const names = Array.isArray(sans) ? sans.map(canonicalSan).sort() : sans;
  return { ca, insecure, sni: sni?.toLowerCase(), sans: names, certificate };
}

/** Fields in order. */
export function canonicalDownstreamTls(
  tls: z.output<typeof downstreamTlsSchema> | undefined,
): DownstreamTls | undefined {
  if (tls === undefined) return undefined;
  const { certificate, client_ca, require_client_certificate } = tls;
  return { certificate, client_ca, require_client_certificate };
}
