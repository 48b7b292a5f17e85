// Passwords of Redis in Envoy's messages: what Envoy says to its servers, and what it asks of its clients.

import { serversOf } from '../inventory/cluster.ts';
import type { Cluster, Endpoint, Listener, RedisListener, Secret, UpstreamAuth } from '../model/objects.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';
import type { RenderOptions } from './options.ts';
import { redisProxyFilter } from './redis-proxy.ts';

export type Secrets = ReadonlyMap<string, Secret>;

const protocolOptions: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.config.filter.network.redis_proxy.v2.RedisProtocolOptions',
  v3: 'envoy.extensions.filters.network.redis_proxy.v3.RedisProtocolOptions',
};

/** The value of a password that is there. @throws Error when it is not */
export type ReadPassword = (secret: string) => string;

/** @throws Error: what would be published without its password must not be */
export function passwordReader(secrets: Secrets, { openSecret }: Pick<RenderOptions, 'openSecret'>): ReadPassword {
  return (name) => {
    const secret = secrets.get(name);
    const value = secret && openSecret?.(secret);
    if (value?.kind !== 'password') throw new Error(`secret ${JSON.stringify(name)}: there is no such password`);
    return value.value;
  };
}

/**
 * The part of a Cluster message that says as whom Envoy speaks to the servers; empty when as nobody. It has the passwords
 * of all servers of the cluster, whichever of them are served: who becomes primary changes nothing.
 * @param read undefined: no password is known
 */
export function buildUpstreamAuth(
  cluster: Cluster,
  apiVersion: ApiVersion,
  read: ReadPassword | undefined,
): PlainMessage {
  if (read === undefined) return {};
  const own = buildCredentials(cluster.upstream_auth, apiVersion, read);
  const credentials = apiVersion === 'v2' ? [] : serversOf(cluster).flatMap((server) => buildOfServer(server, read));
  if (own === undefined && credentials.length === 0) return {};
  const message = protocolOptions[apiVersion];
  const value = encodeMessage(message, { ...own, ...(credentials.length > 0 && { credentials }) });
  const { name } = redisProxyFilter[apiVersion];
  return { typed_extension_protocol_options: { [name]: { type_url: typeUrlOf(message), value } } };
}

/** The part of a RedisProxy message that says what clients must give. */
export function buildDownstreamAuth({ auth }: RedisListener, apiVersion: ApiVersion, read: ReadPassword): PlainMessage {
  if (auth === undefined) return {};
  const [first, ...others] = auth.passwords.map(({ secret }) => inline(read(secret)));
  if (apiVersion === 'v2') return { downstream_auth_password: first };
  return {
    downstream_auth_passwords: [first, ...others],
    ...(auth.username !== undefined && { downstream_auth_username: inline(auth.username) }),
  };
}

/** What of these objects Envoys that speak v2 are not told, one line each. */
export function findAuthUnsupportedInV2(clusters: Iterable<Cluster>, listeners: Iterable<Listener>): string[] {
  return [
    ...Array.from(clusters).flatMap((cluster) => problemsOfCluster(cluster).map((text) => of('cluster', cluster, text))),
    ...Array.from(listeners).flatMap((each) => problemsOfListener(each).map((text) => of('listener', each, text))),
  ];
}

function problemsOfCluster(cluster: Cluster): string[] {
  const { username } = cluster.upstream_auth ?? {};
  const ofServer = serversOf(cluster).some(({ upstream_auth: auth }) => auth !== undefined);
  return [
    ...(username === undefined ? [] : ['upstream_auth.username: v2 has no such field, nobody is authenticated there']),
    ...(ofServer ? ['upstream_auth of an endpoint: v2 has no such field'] : []),
  ];
}

function problemsOfListener(listener: Listener): string[] {
  if (listener.kind === 'tcp' || listener.kind === 'http' || listener.auth === undefined) return [];
  const { username, passwords } = listener.auth;
  return [
    ...(username === undefined ? [] : ['auth.username: v2 has no such field, the password alone is asked for there']),
    ...(passwords.length < 2 ? [] : [`auth.passwords: v2 has one, ${JSON.stringify(passwords[0]?.secret)} here`]),
  ];
}

function of(kind: string, { name }: { readonly name: string }, text: string): string {
  return `${kind} ${JSON.stringify(name)}: ${text}`;
}

type Server = Pick<Endpoint, 'address' | 'port' | 'upstream_auth'>;

// In v2 a password goes to the default user only: that of another one would be refused with each new connection.
function buildCredentials(
  auth: UpstreamAuth | undefined,
  apiVersion: ApiVersion,
  read: ReadPassword,
): PlainMessage | undefined {
  if (auth === undefined || (apiVersion === 'v2' && auth.username !== undefined)) return undefined;
  const { username, password } = auth;
  return {
    auth_password: inline(read(password.secret)),
    ...(username !== undefined && { auth_username: inline(username) }),
  };
}

function buildOfServer({ address, port, upstream_auth: auth }: Server, read: ReadPassword): PlainMessage[] {
  if (auth === undefined) return [];
  const socket = { socket_address: { address, port_value: port } };
  return [{ address: socket, ...buildCredentials(auth, 'v3', read) }];
}

function inline(text: string): PlainMessage {
  return { inline_string: text };
}
