// Sentinels elect another primary: from the moment that it says so itself to the last Envoy's ACK, beside a commit of
// the same size.

import type { Scope } from '../test/support/child-process.ts';
import { startPrimary, startReplica, startSentinels } from '../test/support/redis-sentinel.ts';
import { startRedis } from '../test/support/redis-server.ts';
import type { RedisServer } from '../test/support/redis-server.ts';
import { untilElected } from '../test/support/replication.ts';
import { connectRedis } from '../test/support/resp-client.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { LightFleet } from '../test/support/xds/light-fleet.ts';
import { ApiClient } from './api-client.ts';
import { compare, show } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { startServer } from './server.ts';
import { median } from './statistics.ts';

const envoyCount = 200;
const followed = 'followed';
const changed = 'changed';
// Sentinel elects nobody for twice this time after an election.
const quickElections = ['sentinel failover-timeout mymaster 4000', 'sentinel down-after-milliseconds mymaster 1000'];

/** To the last ACK, in ms. */
interface Times {
  readonly failoverMs: number[];
  readonly pushMs: number[];
}

/** Both in turn, on one control plane with one fleet. */
export const failoverBenchmark: Benchmark = {
  id: 'failover',
  table: 'A primary changes, by Sentinel',
  load: `delta ADS, N ${envoyCount}`,
  columns: ['new primary answers so to last ACK', 'beside: commit of one endpoint to last ACK'],
  async measure(effort) {
    const turns: { failoverMs: number; pushMs: number }[] = [];
    for (let turn = 0; turn < effort.turns; turn++) {
      const { failoverMs, pushMs } = await measureTurn(effort);
      turns.push({ failoverMs: median(failoverMs), pushMs: median(pushMs) });
    }
    const failoverMs = median(turns.map((turn) => turn.failoverMs));
    return [show(failoverMs, 'ms', 50), compare(failoverMs, median(turns.map(({ pushMs }) => pushMs)), 'ms', 2)];
  },
};

async function measureTurn({ quick }: Effort): Promise<Times> {
  const [warmups, rounds] = quick ? [1, 3] : [2, 10];
  await using cleanups = new AsyncDisposableStack();
  const scope: Scope = { after: (cleanup) => cleanups.defer(cleanup) };
  await using server = await startServer('ours');
  using api = new ApiClient(server.apiAddress);
  const group = await startGroup(scope);
  const sentinels = await startSentinels(scope, group[0].port, 3, { more: quickElections });
  const failover = { by: 'sentinel', master: 'mymaster', sentinels: sentinels.map(({ address }) => address) };
  await api.call('PUT', `/api/v2/clusters/${followed}`, { kind: 'replicated', failover });
  const pusher = new Pusher(api);
  await pusher.stage();
  await api.call('POST', '/api/v2/commit', { force: true });
  const fleet = new LightFleet(scope, server.xdsAddress, envoyCount, ['bench']);
  await fleet.until(followed, (servers) => servers.some(({ address }) => address === addressOf(group[0])));
  const times: Times = { failoverMs: [], pushMs: [] };
  let servers: readonly RedisServer[] = group;
  for (let round = 0; round < warmups + rounds; round++) {
    const { took, next } = await failOver(scope, fleet, servers);
    servers = next;
    const pushMs = await pusher.push(fleet);
    if (round < warmups) continue;
    times.failoverMs.push(took);
    times.pushMs.push(pushMs);
  }
  return times;
}

/** Kills the first of the servers, the primary, and starts it again as a replica of the one that is elected. */
async function failOver(
  scope: Scope, fleet: LightFleet, [primary, ...replicas]: readonly RedisServer[],
): Promise<{ took: number; next: readonly RedisServer[] }> {
  if (primary === undefined) throw new RangeError('there is no primary');
  const names = replicas.map(addressOf);
  const arrival = fleet.until(followed, ([first, ...more]) => {
    return first !== undefined && more.length === 0 && names.includes(first.address);
  });
  const election = untilElected(scope, replicas);
  await primary.child.end('SIGKILL');
  const { elected, atMs } = await election;
  const { lastMs } = await arrival;
  const again = await startRedis(scope, primary.port, '127.0.0.1', ['--replicaof', '127.0.0.1', `${elected.port}`]);
  // Sentinels may elect once more, who have not heard of each other in time.
  let next: readonly RedisServer[] = [];
  await waitUntil('one is the primary, and the others are in sync with it', async () => {
    next = await findSettled(scope, [...replicas, again]);
    return next.length > 0;
  });
  return { took: lastMs - atMs, next };
}

/** The primary first; nobody while they are not at one. */
async function findSettled(scope: Scope, servers: readonly RedisServer[]): Promise<readonly RedisServer[]> {
  const infos = await Promise.all(servers.map(async ({ port }) => (await connectRedis(scope, port)).ask('INFO', 'replication')));
  const at = infos.findIndex((info) => info.includes('role:master'));
  const primary = servers[at];
  const areInSync = infos.every((info, index) => {
    return index === at || (info.includes('master_link_status:up') && info.includes(`master_port:${primary?.port}`));
  });
  return primary === undefined || !areInSync ? [] : [primary, ...servers.filter((server) => server !== primary)];
}

async function startGroup(scope: Scope): Promise<[RedisServer, ...RedisServer[]]> {
  const primary = await startPrimary(scope);
  return [primary, await startReplica(scope, primary.port), await startReplica(scope, primary.port)];
}

/** Changes the one endpoint of a cluster of its own. */
class Pusher {
  readonly #api: ApiClient;
  #port = 1;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  async stage(): Promise<void> {
    this.#port += 1;
    const endpoints = [{ address: '127.0.0.1', port: this.#port }];
    await this.#api.call('PUT', `/api/v2/clusters/${changed}`, { prefix: 'changed:', endpoints, watch: 'off' });
  }

  /** From the call of the commit to the last ACK, in ms. */
  async push(fleet: LightFleet): Promise<number> {
    await this.stage();
    const startMs = performance.now();
    const wanted = `127.0.0.1:${this.#port}`;
    const arrival = fleet.until(changed, (servers) => servers.some(({ address }) => address === wanted));
    await this.#api.call('POST', '/api/v2/commit', { force: true });
    return (await arrival).lastMs - startMs;
  }
}

function addressOf({ address, port }: RedisServer): string {
  return `${address}:${port}`;
}
