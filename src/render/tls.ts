// The transport socket of a cluster or a listener that speaks TLS. Its certificates come by secret discovery, the way
// that everything else came.

import { isClientCertificateRequired, sansOf } from '../model/defaults.ts';
import type { DownstreamTls, UpstreamTls } from '../model/objects.ts';
import { sanTypeOf } from '../model/tls.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { buildConfigSource } from './config-source.ts';

const tlsPackage: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.api.v2.auth',
  v3: 'envoy.extensions.transport_sockets.tls.v3',
};

// Envoy's own is 15 s, for which a missing secret would hold everything up that comes after a cluster, and keep the port
// of a listener closed.
const initialFetchTimeout = { seconds: 1 };

// As a client Envoy goes up to 1.2 unless told, and would not reach servers that take 1.3 alone.
const upstreamParams = { tls_maximum_protocol_version: 'TLSv1_3' };

const sanTypes = { dns: 'DNS', ip: 'IP_ADDRESS', uri: 'URI' } as const;

/** To the servers of a cluster. */
export function buildUpstreamTls(tls: UpstreamTls, dialect: Dialect, xdsClusterName: string): PlainMessage {
  const sds = (name: string): PlainMessage => buildSdsConfig(name, dialect, xdsClusterName);
  const { ca, certificate, sni } = tls;
  return buildTransportSocket(dialect.apiVersion, 'UpstreamTlsContext', {
    common_tls_context: {
      tls_params: upstreamParams,
      ...(certificate !== undefined && { tls_certificate_sds_secret_configs: [sds(certificate.secret)] }),
      ...(ca !== undefined && buildValidation(sds(ca.secret), sansOf(tls) ?? 'any', dialect.apiVersion)),
    },
    ...(sni !== undefined && { sni }),
  });
}

/** To the clients of a listener. */
export function buildDownstreamTls(tls: DownstreamTls, dialect: Dialect, xdsClusterName: string): PlainMessage {
  const sds = (name: string): PlainMessage => buildSdsConfig(name, dialect, xdsClusterName);
  const { certificate, client_ca: ca } = tls;
  return buildTransportSocket(dialect.apiVersion, 'DownstreamTlsContext', {
    common_tls_context: {
      tls_certificate_sds_secret_configs: [sds(certificate.secret)],
      ...(ca !== undefined && buildValidation(sds(ca.secret), 'any', dialect.apiVersion)),
    },
    ...(isClientCertificateRequired(tls) && { require_client_certificate: { value: true } }),
  });
}

function buildValidation(ca: PlainMessage, sans: readonly string[] | 'any', apiVersion: ApiVersion): PlainMessage {
  if (sans === 'any') return { validation_context_sds_secret_config: ca };
  return {
    combined_validation_context: {
      default_validation_context: buildSanMatchers(sans, apiVersion),
      validation_context_sds_secret_config: ca,
    },
  };
}

// v2 does not say of what type a name is: any that is spelled so will do.
function buildSanMatchers(sans: readonly string[], apiVersion: ApiVersion): PlainMessage {
  if (apiVersion === 'v2') return { match_subject_alt_names: sans.map((exact) => ({ exact })) };
  const matchers = sans.map((exact) => ({ san_type: sanTypes[sanTypeOf(exact)], matcher: { exact } }));
  return { match_typed_subject_alt_names: matchers };
}

function buildSdsConfig(name: string, dialect: Dialect, xdsClusterName: string): PlainMessage {
  const source = { ...buildConfigSource(dialect, xdsClusterName), initial_fetch_timeout: initialFetchTimeout };
  return { name, sds_config: source };
}

function buildTransportSocket(apiVersion: ApiVersion, message: string, context: PlainMessage): PlainMessage {
  const fullName = `${tlsPackage[apiVersion]}.${message}`;
  const typedConfig = { type_url: typeUrlOf(fullName), value: encodeMessage(fullName, context) };
  return { name: 'envoy.transport_sockets.tls', typed_config: typedConfig };
}
