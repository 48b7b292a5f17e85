// What went wrong with TLS, in words: of an error, and of a server that hung up before it could be heard.

import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

import { WrongNameError } from './upstream-tls.ts';

const wordsByCode: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the CA of the client certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS',
};

/** One line; undefined: it was not about TLS. */
export function describeTlsError(error: Error): string | undefined {
  if (error instanceof WrongNameError) return error.message;
  const { code, syscall, reason } = error as NodeJS.ErrnoException & { readonly reason?: string };
  // Errors of the network name their system call, or stand for those of several addresses.
  if (code === undefined || syscall !== undefined || error instanceof AggregateError) return undefined;
  // Those of a certificate have OpenSSL's own names, as CERT_HAS_EXPIRED.
  if (!code.startsWith('ERR_')) return `its certificate is not taken: ${error.message}`;
  return /^ERR_(?:SSL|TLS|OSSL)_/u.test(code) ? (wordsByCode[code] ?? `TLS: ${reason ?? error.message}`) : undefined;
}

/**
 * Why a server hangs up on who has shaken hands: in TLS 1.3 it says so after the client has begun to write, and the
 * network may drop what it says then. Who writes nothing hears it.
 * @returns undefined when it does not hang up because of TLS
 */
export function findRefusal(options: ConnectionOptions, deadlineMs: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect(options);
    const end = (error?: Error): void => {
      resolve(error);
      socket.destroy();
    };
    socket.setTimeout(deadlineMs, end);
    socket.once('error', (error) => end(describeTlsError(error) === undefined ? undefined : error));
    // A ticket is given to who was let in.
    socket.once('session', () => end());
    socket.once('close', () => end());
  });
}
