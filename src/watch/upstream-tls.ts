// TLS to a cluster's servers from here, on the terms that Envoy has: whose certificates are taken, and which is shown.

import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ConnectionOptions, PeerCertificate, SecureContext } from 'node:tls';

import { sansOf } from '../model/defaults.ts';
import type { UpstreamTls } from '../model/objects.ts';
import { sanTypeOf } from '../model/tls.ts';
import type { FindSecret } from './find-secret.ts';

/** What to connect with, or one line on why nobody can. */
export type ServerTls = { readonly options: ConnectionOptions } | { readonly problem: string };

/**
 * For all servers of a cluster, so that its certificates are read once; undefined: they are spoken to without TLS.
 * @param findSecret finds all that it names.
 * @param field where it is declared.
 */
export function buildServerTls(
  { upstream_tls: tls }: { readonly upstream_tls?: UpstreamTls | undefined },
  findSecret: FindSecret,
  field = 'upstream_tls',
): ServerTls | undefined {
  if (tls === undefined) return undefined;
  try {
    const { sni } = tls;
    const asked = sni === undefined ? {} : { servername: sni };
    return { options: { secureContext: buildContext(tls, findSecret), ...asked, ...buildValidation(sansOf(tls)) } };
  } catch (error) {
    const { reason, message } = error as Error & { readonly reason?: string };
    return { problem: `${field}: can't be used from here: ${reason ?? message}` };
  }
}

function buildContext({ ca, certificate }: UpstreamTls, findSecret: FindSecret): SecureContext {
  const [authorities, own] = [ca, certificate].map((ref) => ref && findSecret(ref.secret));
  return createSecureContext({
    ...(authorities?.kind === 'ca' && { ca: authorities.value }),
    ...(own?.kind === 'certificate' && { cert: own.chain, key: own.key }),
    // An intermediate CA is enough to Envoy.
    allowPartialTrustChain: true,
  });
}

function buildValidation(sans: UpstreamTls['sans']): ConnectionOptions {
  if (sans === undefined) return { rejectUnauthorized: false };
  const checkServerIdentity = (_: string, { raw }: PeerCertificate): Error | undefined => {
    const certificate = new X509Certificate(raw);
    if (sans === 'any' || sans.some((name) => isFor(certificate, name))) return undefined;
    const names = certificate.subjectAltName ?? 'nobody';
    return new WrongNameError(`its certificate is for ${names}, and not for ${sans.join(' or ')}`);
  };
  return { rejectUnauthorized: true, checkServerIdentity };
}

/** The certificate is a good one, of another. */
export class WrongNameError extends Error {
  override readonly name = 'WrongNameError';
}

// Envoy never looks at the subject.
function isFor(certificate: X509Certificate, name: string): boolean {
  switch (sanTypeOf(name)) {
    case 'ip':
      return certificate.checkIP(name) !== undefined;
    case 'dns':
      return certificate.checkHost(name, { subject: 'never' }) !== undefined;
    default:
      return urisOf(certificate).includes(name);
  }
}

// As `DNS:a.test, URI:spiffe://a`; a value with a comma or a quote is written as JSON.
function urisOf({ subjectAltName = '' }: X509Certificate): string[] {
  const names = subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/gy);
  return Array.from(names).flatMap(([, type, value = '']) => {
    if (type !== 'URI') return [];
    return [value.startsWith('"') ? (JSON.parse(value) as string) : value];
  });
}
