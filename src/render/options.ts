// What rendering depends on besides the inventory: fixed when the process starts.

import type { Secret, SecretValue } from '../model/objects.ts';

export interface RenderOptions {
  /** The cluster of the control plane in every Envoy's bootstrap, named by config sources of per-type streams. */
  readonly xdsClusterName: string;
  /** Where the Redis listener binds. `host` is an IP address in its canonical spelling; `::` takes IPv4 clients too. */
  readonly redisListener: { readonly host: string; readonly port: number };
  /** Where the listener binds that stands in for the servers of clusters without any, see stand-in.ts; loopback. */
  readonly redisEmptyListener: { readonly host: string; readonly port: number };
  /** The cluster for keys that no prefix matches; undefined: the only cluster, when there is exactly one. */
  readonly redisCatchAll: string | undefined;
  /** Redis commands, in lower case, that Envoy refuses; absent: none. */
  readonly redisDeny?: readonly string[];
  /** Gives what is sealed in a secret; absent: there are none. */
  readonly openSecret?: (secret: Secret) => SecretValue;
}
