// TLS on one port: what its server is made with, and what holds while it serves.

import type { Socket } from 'node:net';
import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls';

import { Handshakes } from './handshakes.ts';
import { peerOf } from './peer.ts';
import type { RefusedConnections } from './refused-connections.ts';
import type { ServedCertificate } from './served-certificate.ts';

// RFC 9325, 3.1.1 and 4.2: nothing below 1.2, and of that only what keeps old traffic secret when a key is lost.
const minVersion = 'TLSv1.2';
const ciphers = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE+AESGCM', 'ECDHE+CHACHA20'],
].join(':');

/** What handshakes may cost. */
export interface HandshakeBounds {
  /** How long one may take; then the connection ends. Default 30,000: a fleet that comes at once waits in line. */
  readonly withinMs?: number;
  /** How many there may be at once, beyond which the one goes that began first. Default 10,000. */
  readonly max?: number;
}

export class TlsPort {
  readonly #certificate: ServedCertificate;
  readonly #needsClientCertificate: boolean;
  readonly #withinMs: number;
  readonly #maxHandshakes: number;
  #handshakes: Handshakes | undefined;

  /** @param needsClientCertificate true: a client must have a certificate of those that the files say. */
  constructor(
    certificate: ServedCertificate,
    needsClientCertificate: boolean,
    { withinMs = 30_000, max = 10_000 }: HandshakeBounds = {},
  ) {
    this.#certificate = certificate;
    this.#needsClientCertificate = needsClientCertificate;
    this.#withinMs = withinMs;
    this.#maxHandshakes = max;
  }

  /** What `createServer` of node:tls or node:https is to be given, beside what it is for. */
  get options(): TlsOptions {
    const isNeeded = this.#needsClientCertificate;
    return {
      ...this.#context,
      requestCert: isNeeded,
      rejectUnauthorized: isNeeded,
      handshakeTimeout: this.#withinMs,
      noDelay: true,
    };
  }

  /**
   * Keeps its handshakes within bounds and its certificate up to date. To be called before it listens.
   * @param refused told of handshakes that come to nothing.
   */
  guard(server: Server, refused?: RefusedConnections): void {
    this.#handshakes = new Handshakes(server, this.#maxHandshakes);
    this.#certificate.onChange(() => server.setSecureContext(this.#context));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const reason = explain(error, socket);
      if (reason !== undefined) refused?.note(peerOf(belowOf(socket)), reason);
      // Node leaves it open when it only took too long.
      socket.destroy();
    });
  }

  /** Ends handshakes under way, for which a server that closes would wait. */
  endHandshakes(): void {
    this.#handshakes?.destroyAll();
  }

  get #context(): SecureContextOptions {
    const { cert, key, clientCa } = this.#certificate.files;
    const context = { cert, key, minVersion, ciphers } as const;
    return this.#needsClientCertificate && clientCa !== undefined ? { ...context, ca: clientCa } : context;
  }
}

// The TCP connection, which knows its peer when the one of TLS has been ended. Node does not offer it: tests tell when it
// is elsewhere; then some lines in the log lack the peer.
function belowOf(socket: TLSSocket): Socket {
  return (socket as { readonly _parent?: Socket })._parent ?? socket;
}

const noTls: readonly (string | undefined)[] = [
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
];

/** Why a handshake came to nothing; undefined for what is no news: a client that went, or looked whether the port is open. */
function explain({ code }: NodeJS.ErrnoException, { authorizationError }: TLSSocket): string | undefined {
  if (authorizationError) return `the certificate of the client is not taken: ${authorizationError}`;
  if (noTls.includes(code)) return 'the client does not speak TLS';
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'the client has no certificate';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'the handshake took too long';
  return code === 'ECONNRESET' ? undefined : `the handshake failed: ${code}`;
}
