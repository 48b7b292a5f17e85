// The files of a TLS certificate: read, and held to what a server needs of them. What a key file holds is never told.

import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Where the files are; each in PEM. */
export interface TlsPaths {
  /** The certificate, and those between it and its CA. */
  readonly cert: string;
  /** Of the certificate; not encrypted. */
  readonly key: string;
  /** Those whose certificates clients may have; undefined: none is asked for. */
  readonly clientCa: string | undefined;
}

/** What the files hold. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

/** How long one of the files is of use. */
export interface Expiry {
  readonly path: string;
  /** Since 1970. */
  readonly notAfterMs: number;
}

/** A file that can't be used. `path` names it, or both of two that don't fit; `message` is the rule alone. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

const maxBytes = 1_048_576;
const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/gu;

/** @throws TlsFileError for the first that can't be read. */
export async function readTlsFiles({ cert, key, clientCa }: TlsPaths): Promise<TlsFiles> {
  return {
    cert: await readBounded(cert),
    key: await readBounded(key),
    clientCa: clientCa === undefined ? undefined : await readBounded(clientCa),
  };
}

/**
 * Until when the files are of use: a chain as long as each of its certificates, CAs as long as one of them.
 * @throws TlsFileError when no server can be started with them.
 */
export function checkTlsFiles(paths: TlsPaths, files: TlsFiles): Expiry[] {
  const chain = parseCertificates(paths.cert, files.cert);
  const key = parseKey(paths.key, files.key);
  const both = `${paths.cert}, ${paths.key}`;
  if (chain[0]?.checkPrivateKey(key) !== true) throw new TlsFileError(both, 'the key is not that of the certificate');
  const authorities = paths.clientCa === undefined ? [] : parseCertificates(paths.clientCa, files.clientCa);
  try {
    createSecureContext({ cert: files.cert, key: files.key, ca: files.clientCa });
  } catch (error) {
    throw new TlsFileError(both, (error as Error).message);
  }
  const expiries = [{ path: paths.cert, notAfterMs: Math.min(...chain.map(endOf)) }];
  if (paths.clientCa !== undefined) {
    expiries.push({ path: paths.clientCa, notAfterMs: Math.max(...authorities.map(endOf)) });
  }
  return expiries;
}

/** Whether they hold the same bytes. */
export function areSameFiles(some: TlsFiles, others: TlsFiles): boolean {
  const { clientCa = Buffer.alloc(0) } = others;
  return some.cert.equals(others.cert) && some.key.equals(others.key) && (some.clientCa?.equals(clientCa) ?? true);
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    // To open a pipe would wait for who writes to it.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const about = await file.stat();
      if (!about.isFile() || about.size > maxBytes) throw new Error(`must be a file of at most ${maxBytes} bytes`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new TlsFileError(path, (error as Error).message);
  }
}

function parseCertificates(path: string, bytes: Buffer | undefined): X509Certificate[] {
  const blocks = bytes?.toString('latin1').match(certificateBlock) ?? [];
  if (blocks.length === 0) throw new TlsFileError(path, 'must hold a certificate in PEM');
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new TlsFileError(path, `certificate ${index + 1} of ${blocks.length} can not be read: ${reasonOf(error)}`);
    }
  });
}

function parseKey(path: string, bytes: Buffer): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch (error) {
    if (bytes.includes('ENCRYPTED')) throw new TlsFileError(path, 'must not be encrypted');
    throw new TlsFileError(path, `must hold a private key in PEM: ${reasonOf(error)}`);
  }
}

// OpenSSL's words for what is wrong; they quote nothing of what it read.
function reasonOf(error: unknown): string {
  return (error as Error).message;
}

function endOf({ validToDate }: X509Certificate): number {
  return validToDate.getTime();
}
