// How an Envoy reaches a port that has TLS: the transport socket of a cluster of its bootstrap.

import { isIP } from 'node:net';

/** What an Envoy is to know; files are paths on its own host, which are not looked at here. */
export interface UpstreamTls {
  /** Of the CAs of the control plane's certificate. */
  readonly ca: string;
  /** The certificate with which Envoy says who it is, and its key. */
  readonly own: { readonly cert: string; readonly key: string } | undefined;
  /** What the control plane's certificate is made out to; undefined: the host by which it is reached. */
  readonly name: string | undefined;
}

/**
 * A v3 TransportSocket in JSON. Without a name to hold the certificate to, any certificate of the CA would do.
 * @param host by which the control plane is reached.
 * @param protocols by ALPN; none are named when it is empty.
 */
export function buildTransportSocket(tls: UpstreamTls, host: string, protocols: readonly string[]): object {
  const { ca, own, name = host } = tls;
  const isAddress = isIP(name) !== 0;
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      // RFC 6066: an address is no name for it.
      ...(isAddress ? {} : { sni: name }),
      common_tls_context: {
        // Envoy's own limit for what it connects to is 1.2.
        tls_params: { tls_maximum_protocol_version: 'TLSv1_3' },
        ...(protocols.length > 0 ? { alpn_protocols: protocols } : {}),
        ...(own && {
          tls_certificates: [{ certificate_chain: { filename: own.cert }, private_key: { filename: own.key } }],
        }),
        validation_context: {
          trusted_ca: { filename: ca },
          match_typed_subject_alt_names: [{ san_type: isAddress ? 'IP_ADDRESS' : 'DNS', matcher: { exact: name } }],
        },
      },
    },
  };
}
