// Certificates and keys as text (PEM): what Envoy would not take of them, and what people need to know. Pure.

import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/gu;
const keyBlock = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]*-----END (?:[A-Z]+ )?PRIVATE KEY-----/gu;

// Those that Envoy takes for a certificate of its own.
const minRsaBits = 2_048;
const curves: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];

/** What a certificate says of itself. */
export interface CertificateFacts {
  readonly subject: string;
  /** As `DNS:example.com`. */
  readonly sans?: readonly string[] | undefined;
  /** ISO 8601, in UTC: of a chain, the first end of any of its certificates. */
  readonly not_after: string;
}

/** The rule that a chain breaks, its own certificate first; undefined: none. */
export function findChainProblem(pem: string): string | undefined {
  const chain = readCertificates(pem);
  if (chain === undefined) return 'must be one certificate or more in PEM';
  const isOrdered = chain.every((each, index) => {
    const issuer = chain[index + 1];
    return issuer === undefined || each.checkIssued(issuer);
  });
  return isOrdered ? undefined : 'must have each certificate before the one that issued it, the own one first';
}

/** The rule that CAs, in any order, break. */
export function findCaProblem(pem: string): string | undefined {
  return readCertificates(pem) === undefined ? 'must be one CA certificate or more in PEM' : undefined;
}

/** The rule that a private key breaks. */
export function findKeyProblem(pem: string): string | undefined {
  if (/ENCRYPTED/u.test(pem)) return 'must not be encrypted by a passphrase, which Envoy is not told';
  const key = readKey(pem);
  if (key === undefined) return 'must be one private key in PEM';
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === 'rsa') {
    return (details.modulusLength ?? 0) >= minRsaBits ? undefined : `must have ${minRsaBits} bits or more, being RSA`;
  }
  if (type === 'ec' && curves.includes(details.namedCurve ?? '')) return undefined;
  return 'must be RSA, or ECDSA over P-256, P-384 or P-521';
}

/** Whether the key is that of another certificate than the chain's first; false when either can't be read. */
export function isKeyOfAnother(chain: string, key: string): boolean {
  const [own] = readCertificates(chain) ?? [];
  const read = readKey(key);
  return own !== undefined && read !== undefined && !own.checkPrivateKey(read);
}

/** Of a chain that was checked. */
export function describeChain(pem: string): CertificateFacts {
  const chain = readCertificates(pem) ?? [];
  const ends = chain.map(endOf).sort();
  const [own] = chain;
  const sans = own?.subjectAltName?.split(', ');
  return { subject: subjectOf(own), ...(sans && { sans }), not_after: ends[0] ?? '' };
}

/** Of CAs that were checked: until when the last of them can be relied on, since any one of them is enough. */
export function describeCas(pem: string): Pick<CertificateFacts, 'subject' | 'not_after'> {
  const cas = readCertificates(pem) ?? [];
  const last = cas.toSorted((a, b) => (endOf(a) < endOf(b) ? 1 : -1))[0];
  return { subject: subjectOf(last), not_after: last === undefined ? '' : endOf(last) };
}

function subjectOf(certificate: X509Certificate | undefined): string {
  return (certificate?.subject ?? '').replaceAll('\n', ', ');
}

function endOf({ validToDate }: X509Certificate): string {
  return validToDate.toISOString();
}

/** Undefined: there is none, or one that can't be read. */
function readCertificates(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(certificateBlock) ?? [];
  if (blocks.length === 0 || blocks.length !== pem.split('-----BEGIN CERTIFICATE-----').length - 1) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function readKey(pem: string): KeyObject | undefined {
  if (pem.match(keyBlock)?.length !== 1) return undefined;
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
