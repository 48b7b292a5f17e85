// Random clusters with every field, listeners of every kind that route to them, and secrets that they name.

import fc from 'fast-check';

import type { Cluster, Listener, Secret } from '../../src/model/objects.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { formatAddress } from '../../src/net/address.ts';
import { plainSecret } from './plain-secrets.ts';

export interface RandomObjects {
  readonly clusters: readonly Cluster[];
  readonly listeners: readonly Listener[];
  /** Some of those that they name are not among them. */
  readonly secrets: readonly Secret[];
}

const anyWeight = fc.option(fc.constantFrom(1, 2, 100), { nil: undefined });
const anyEndpoint = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '::1'),
  port: fc.constantFrom(1, 6379),
  weight: anyWeight,
  zone: fc.constantFrom(undefined, 'a', 'b'),
});
const addressOf = ({ address, port }: { address: string; port: number }): string => `${address} ${port}`;
const anyEndpoints = fc.uniqueArray(anyEndpoint, { maxLength: 3, selector: addressOf });
const byKey = [{ policy: 'maglev' }, { policy: 'maglev', table_size: 503 }, { policy: 'ring_hash', min_ring_size: 16 }];
const scattering = [{ policy: 'random' }, { policy: 'least_request', choice_count: 3 }];
const anyPolicy = fc.constantFrom(undefined, ...byKey, ...scattering);
const anyUpstreamTls = fc.constantFrom(
  undefined,
  undefined,
  { ca: { secret: 's' }, sni: 'a.internal', certificate: { secret: 't' } },
  { ca: { secret: 'u' }, sans: ['10.0.0.1', 'a.internal'] },
  { insecure: true },
);
const anyTls = fc.constantFrom(
  undefined,
  undefined,
  { certificate: { secret: 't' } },
  { certificate: { secret: 's' }, client_ca: { secret: 'u' } },
);
const common = {
  prefix: fc.boolean(),
  connect_timeout: fc.constantFrom(undefined, '250ms'),
  upstream_tls: anyUpstreamTls,
};
const anyPlain = fc.record({ ...common, endpoints: anyEndpoints, load_balancing: anyPolicy });
const anySharded = fc
  .record({ ...common, endpoints: anyEndpoints, load_balancing: fc.constantFrom(undefined, ...byKey) })
  .map(({ endpoints, ...rest }) => {
    const shards = endpoints.map(({ weight, ...endpoint }, index) => ({ name: `shard-${index}`, weight, endpoint }));
    return { ...rest, kind: 'sharded', shards };
  });

const anyReplicated = fc
  .record({ ...common, endpoints: anyEndpoints, reads: fc.constantFrom(undefined, 'replica', 'any') })
  .map(({ endpoints, ...rest }) => {
    const [first] = endpoints;
    const primary = first && formatAddress({ host: first.address, port: first.port });
    return { ...rest, kind: 'replicated', endpoints, primary };
  });
const anyRedisCluster = fc
  .record({ ...common, endpoints: fc.uniqueArray(anyEndpoint, { minLength: 1, maxLength: 3, selector: addressOf }) })
  .map(({ endpoints, ...rest }) => {
    return { ...rest, kind: 'redis_cluster', endpoints: endpoints.map(({ address, port }) => ({ address, port })) };
  });

const anyClusters = fc
  .record({
    names: fc.shuffledSubarray(['a', 'b', 'c', 'd']),
    prefixes: fc.shuffledSubarray(['/', '/a', '/a/b', '/b'], { minLength: 4 }),
    fields: fc.array(fc.oneof(anyPlain, anySharded, anyReplicated, anyRedisCluster), { minLength: 4, maxLength: 4 }),
  })
  .map(({ names, prefixes, fields }) =>
    names.map((name, index) => {
      const { prefix, ...rest } = fields[index] ?? {};
      return parseCluster({ ...rest, name, prefix: prefix === true ? prefixes[index] : undefined });
    }),
  );

/** @param names of clusters; without any there is nothing to route to. */
function anyListenersTo(names: readonly string[]): fc.Arbitrary<readonly Listener[]> {
  const [anyName, ifAny] = [fc.constantFrom('', ...names), names.length === 0 ? 0 : 3];
  const anyRoute = fc.record({
    prefix: fc.constantFrom('/', 'x', 'xy'),
    cluster: anyName.filter((name) => name !== ''),
    remove_prefix: fc.constantFrom(undefined, true),
  });
  const anyReads = fc.constantFrom(undefined, undefined, 'primary', 'replica', 'prefer_replica', 'any');
  const anyRedisRoute = fc.tuple(anyRoute, anyReads).map(([route, reads]) => ({ ...route, reads }));
  const anyRoutesOf = (each: fc.Arbitrary<{ readonly prefix: string }>) => {
    const anyList = fc.uniqueArray(each, { maxLength: 2, selector: ({ prefix }) => prefix });
    return fc.oneof(fc.constantFrom(undefined, 'auto'), { weight: ifAny, arbitrary: anyList });
  };
  const anyCatchAll = fc.constantFrom(undefined, 'none', ...names);
  const anyRedis = fc.record({
    routes: anyRoutesOf(anyRedisRoute),
    catch_all: anyCatchAll,
    enable_hashtagging: fc.boolean(),
    read_policy: fc.constantFrom(undefined, undefined, 'any'),
  });
  const anyHttp = fc.record({ kind: fc.constant('http'), routes: anyRoutesOf(anyRoute) });
  const anyTcp = fc.record({ kind: fc.constant('tcp'), cluster: anyName.filter((name) => name !== '') });
  const anyKind = fc.oneof(
    { weight: 3, arbitrary: anyRedis },
    { weight: 3, arbitrary: anyHttp },
    { weight: ifAny, arbitrary: anyTcp },
  );
  const maybe = (name: string, fields: fc.Arbitrary<object>, ...addresses: readonly (string | undefined)[]) => {
    const parsed = fc.tuple(fields, fc.constantFrom(...addresses), anyTls).map(([rest, address, tls]) => {
      return [parseListener({ ...rest, name, address, tls: address === undefined ? undefined : tls })];
    });
    return fc.oneof(fc.constant([]), parsed);
  };
  return fc
    .tuple(
      maybe('redis_listener', anyRedis, undefined, '127.0.0.1:1'),
      maybe('generic_route', anyHttp, undefined, '127.0.0.1:2'),
      maybe('l', anyKind, '127.0.0.1:3'),
      maybe('m', anyKind, '127.0.0.1:4', '127.0.0.1:5'),
    )
    .map((listeners) => listeners.flat());
}

const anySecrets: fc.Arbitrary<readonly Secret[]> = fc
  .tuple(fc.subarray(['s', 't', 'u', 'v']), fc.constantFrom('1', '2'))
  .map(([names, value]) => names.map((name) => plainSecret(name, { kind: 'ca', value })));

/** Clusters a to d, with few prefixes, listeners and secrets; names come and go, and change their kind. */
export const anyObjects: fc.Arbitrary<RandomObjects> = anyClusters.chain((clusters) => {
  const anyListeners = anyListenersTo(clusters.map(({ name }) => name));
  return fc.tuple(anyListeners, anySecrets).map(([listeners, secrets]) => ({ clusters, listeners, secrets }));
});
