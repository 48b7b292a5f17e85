// Redis over TLS: a server that wants certificates of its clients, and a client.

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

import type { Certificate } from './certificates.ts';
import { startChild, type Child, type Scope } from './child-process.ts';
import { freePort } from './free-port.ts';
import { RespClient } from './resp-client.ts';
import { tempDir } from './temp-dir.ts';

export interface TlsRedis {
  readonly address: '127.0.0.1';
  readonly port: number;
  readonly child: Child;
  /** A connection straight to the server. */
  readonly direct: RespClient;
  /** From now on clients must show a certificate of one of these CAs. */
  trust(...authorities: readonly Certificate[]): Promise<void>;
  /** From now on new connections are shown this. */
  present(own: Certificate): Promise<void>;
}

/** A client, and what the server showed it. */
export interface TlsRespClient {
  readonly client: RespClient;
  /** The common name in the server's certificate. */
  readonly serverName: string;
}

/**
 * Starts a server that takes TLS 1.3 alone, and clients with a certificate of `authority`; killed when `scope` ends.
 * @param more of Redis' settings.
 */
export async function startTlsRedis(
  scope: Scope,
  authority: Certificate,
  own: Certificate,
  more: Readonly<Record<string, string>> = {},
): Promise<TlsRedis> {
  const [port, dir] = [await freePort(), await tempDir(scope)];
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(dir, name);
    await writeFile(path, text);
    return path;
  };
  const files = {
    'tls-cert-file': await write('redis.crt', own.chain),
    'tls-key-file': await write('redis.key', own.key),
    'tls-ca-cert-file': await write('ca.crt', authority.chain),
  };
  const common = { port: '0', 'tls-port': `${port}`, bind: '127.0.0.1', 'tls-protocols': 'TLSv1.3', save: '', dir };
  const flags = { ...common, ...files, ...more };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const child = startChild(scope, `redis-server with TLS on ${port}`, 'redis-server', args);
  if (child.pid === undefined) throw new Error('redis-server is missing: run scripts/setup.sh');
  const admin = authority.issue('admin');
  const { client: direct } = await child.until('Redis accepts connections', () => {
    return connectTlsRedis(scope, port, { ca: authority.chain, cert: admin.chain, key: admin.key });
  });
  const set = async (...settings: readonly string[]): Promise<void> => {
    const reply = await direct.ask('CONFIG', 'SET', ...settings);
    if (reply !== 'OK') throw new Error(reply);
  };
  return {
    address: '127.0.0.1',
    port,
    child,
    direct,
    trust: async (...authorities) => {
      const [names, chains] = [authorities.map(({ name }) => name), authorities.map(({ chain }) => chain)];
      await set('tls-ca-cert-file', await write(`${names.join('+')}.crt`, chains.join('')));
    },
    present: async ({ name, chain, key }) => {
      const [cert, keyFile] = [await write(`own ${name}.crt`, chain), await write(`own ${name}.key`, key)];
      await set('tls-cert-file', cert, 'tls-key-file', keyFile);
    },
  };
}

/** Connects to 127.0.0.1:`port`, whatever name the certificate there is for; closed when `scope` ends. */
export async function connectTlsRedis(scope: Scope, port: number, options: ConnectionOptions): Promise<TlsRespClient> {
  const socket = connect({ host: '127.0.0.1', port, checkServerIdentity: () => undefined, ...options });
  await once(socket, 'secureConnect');
  const client = new RespClient(socket);
  scope.after(async () => client.close());
  // In TLS 1.3 a client learns of its refusal only after that.
  await client.ask('PING');
  const { CN: serverName } = socket.getPeerCertificate().subject;
  if (typeof serverName !== 'string') throw new Error(`the server is called ${serverName}`);
  return { client, serverName };
}
