// The servers of a shard, whether it has one or a group that replicates.

import { serverNameOf } from '../net/address.ts';
import type { Shard, ShardEndpoint } from './objects.ts';
import { isPrimary } from './primary.ts';

/** All of them, the primary among them. */
export function serversOfShard({ endpoint, endpoints }: Shard): readonly ShardEndpoint[] {
  return endpoint === undefined ? endpoints : [endpoint];
}

/** The shard when its only server is not there: nobody has its keys. */
export function withoutServer({ endpoint, ...shard }: Shard & { readonly endpoint: ShardEndpoint }): Shard {
  return { ...shard, primary: serverNameOf(endpoint), endpoints: [] };
}

/** The one that has the keys of the shard. */
export function primaryOfShard(shard: Shard): ShardEndpoint | undefined {
  return shard.endpoint ?? shard.endpoints.find((endpoint) => isPrimary(shard, endpoint));
}
