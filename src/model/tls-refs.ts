// The certificates and CAs that an object names, and where.

import type { Cluster, Listener, UpstreamTls } from './objects.ts';

export interface TlsReference {
  /** As `upstream_tls.ca`. */
  readonly field: string;
  /** The name of the secret. */
  readonly secret: string;
  readonly kind: 'certificate' | 'ca';
}

const none: readonly TlsReference[] = [];

/** In the order in which they stand there. */
export function tlsRefsOf(object: Cluster | Listener): readonly TlsReference[] {
  const upstream = 'upstream_tls' in object ? object.upstream_tls : undefined;
  const downstream = 'tls' in object ? object.tls : undefined;
  if (upstream === undefined && downstream === undefined) return none;
  return [
    ...refsOfUpstreamTls('upstream_tls', upstream),
    ...referTo('tls.certificate', 'certificate', downstream?.certificate),
    ...referTo('tls.client_ca', 'ca', downstream?.client_ca),
  ];
}

/** @param field where it stands. */
export function refsOfUpstreamTls(field: string, tls: UpstreamTls | undefined): TlsReference[] {
  const certificate = referTo(`${field}.certificate`, 'certificate', tls?.certificate);
  return [...referTo(`${field}.ca`, 'ca', tls?.ca), ...certificate];
}

function referTo(
  field: string,
  kind: TlsReference['kind'],
  ref: { readonly secret: string } | undefined,
): TlsReference[] {
  return ref === undefined ? [] : [{ field, secret: ref.secret, kind }];
}
