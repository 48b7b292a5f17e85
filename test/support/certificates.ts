// Certificates for tests, made without a program: X.509 (RFC 5280) in DER, with keys on P-256.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

const dayMs = 24 * 3_600_000;

export interface CertificateOptions {
  /** Host names and IPv4 addresses that it is for. */
  readonly hosts?: readonly string[];
  readonly isAuthority?: boolean;
  /** Default 365. */
  readonly daysLeft?: number;
}

/** A certificate and its key, in PEM. */
export class Certificate {
  readonly name: string;
  /** Itself, and behind it what leads to its CA, that one apart. */
  readonly chain: string;
  readonly key: string;
  readonly #privateKey: KeyObject;
  readonly #isRoot: boolean;

  constructor(name: string, options: CertificateOptions, issuer?: Certificate) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const publicBytes = publicKey.export({ type: 'spki', format: 'der' });
    const toBeSigned = buildToBeSigned(name, issuer?.name ?? name, publicBytes, options);
    const signature = sign('sha256', toBeSigned, issuer === undefined ? privateKey : issuer.#privateKey);
    const own = toPem(sequence(toBeSigned, ecdsaWithSha256, bitString(signature)));
    this.name = name;
    this.chain = issuer === undefined || issuer.#isRoot ? own : own + issuer.chain;
    this.key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.#privateKey = privateKey;
    this.#isRoot = issuer === undefined;
  }

  /** One that this one signs for. */
  issue(name: string, options: CertificateOptions = {}): Certificate {
    return new Certificate(name, options, this);
  }
}

/** One that signs for itself, and for others. */
export function makeAuthority(name = 'a CA', options: CertificateOptions = {}): Certificate {
  return new Certificate(name, { ...options, isAuthority: true });
}

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));

function buildToBeSigned(
  name: string,
  issuerName: string,
  publicKey: Buffer,
  { hosts = [], isAuthority = false, daysLeft = 365 }: CertificateOptions,
): Buffer {
  const endMs = Date.now() + daysLeft * dayMs;
  const extensions = [extension('551d13', sequence(...(isAuthority ? [der(0x01, Buffer.of(0xff))] : [])))];
  if (hosts.length > 0) extensions.push(extension('551d11', sequence(...hosts.map(alternativeName))));
  return sequence(
    // Version 3.
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuerName),
    sequence(time(Math.min(Date.now(), endMs) - dayMs), time(endMs)),
    distinguishedName(name),
    publicKey,
    der(0xa3, sequence(...extensions)),
  );
}

function alternativeName(host: string): Buffer {
  return isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(commonName)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), der(0x04, value));
}

/** UTCTime, as years before 2050 have it. */
function time(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replaceAll(/[-T:]/gu, '')}Z`));
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function bitString(bytes: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.of(0), bytes]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** Tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...(length < 0x80 ? [length] : long)), content]);
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/gu) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
