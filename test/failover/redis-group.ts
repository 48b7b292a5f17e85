// A primary and its replicas, real ones, and a promotion on them that nobody but the test is told of.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Topology } from '../../src/effective/topology.ts';
import { defaultLimits } from '../../src/failover/ground.ts';
import type { Ground, Limits } from '../../src/failover/ground.ts';
import { isOver } from '../../src/failover/record.ts';
import type { PromotionRecord } from '../../src/failover/record.ts';
import { RedisActs } from '../../src/failover/redis-acts.ts';
import { topologyOf } from '../../src/failover/topology-of.ts';
import { parseServerAddress } from '../../src/net/address.ts';
import { Connection } from '../../src/watch/connection.ts';
import { parseInfo } from '../../src/watch/info.ts';
import type { Reply } from '../../src/watch/resp.ts';
import type { Scope } from '../support/child-process.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const quick = ['--repl-diskless-sync-delay', '0'];

export const nameOf = ({ address, port }: RedisServer): string => `${address}:${port}`;

/**
 * The primary first; every replica has the data of a first write when it resolves.
 * @param program as {@link startRedis} takes it.
 */
export async function startGroup(scope: Scope, replicas: number, program?: string): Promise<RedisServer[]> {
  const primary = await startRedis(scope, undefined, '127.0.0.1', quick, program);
  const of = [...quick, '--replicaof', '127.0.0.1', `${primary.port}`];
  const others = await Promise.all(
    Array.from({ length: replicas }, () => startRedis(scope, undefined, '127.0.0.1', of, program)),
  );
  await primary.direct.ask('SET', 'first', '1');
  for (const { direct } of others) {
    await waitUntil('the replica has it', async () => (await direct.ask('GET', 'first')) === '"1"');
  }
  return [primary, ...others];
}

/** On a connection of its own: a promotion ends those of clients. */
export async function ask({ address: host, port }: RedisServer, ...words: readonly string[]): Promise<Reply> {
  const connection = new Connection({ host, port }, 1_000);
  await connection.open();
  return connection.ask(...words).finally(() => connection.close());
}

export async function infoOf(server: RedisServer, field: string): Promise<string | undefined> {
  return parseInfo(String(await ask(server, 'INFO', 'replication'))).get(field);
}

export async function roleOf(server: RedisServer): Promise<string | undefined> {
  return infoOf(server, 'role');
}

/** The control plane ends here, as by `kill -9`. */
export class Killed extends Error {}

export interface Stage {
  readonly ground: Ground;
  /** What was kept last. */
  readonly kept: () => PromotionRecord | undefined;
  /** As it is published. */
  readonly published: () => Topology;
  readonly close: () => void;
}

export interface Killing {
  /** At so many records that are kept, from 1 on. */
  readonly at: number;
  /** False: it ends before the record is on the disk, with what was to be done before it done. */
  readonly isKept: boolean;
}

/** @param before what an earlier run has left. */
export function stage(
  servers: readonly RedisServer[],
  before?: PromotionRecord,
  killing?: Killing,
  more: Partial<Ground> & { readonly within?: Partial<Limits> } = {},
): Stage {
  const names = servers.map(nameOf);
  const acts = new RedisActs({ findTarget: (server) => parseServerAddress(server) });
  let kept = before;
  let count = 0;
  let followed: Topology = { primary: before?.step === 'done' ? before.to : names[0], servers: names };
  const published = (): Topology => {
    const dictated = kept && topologyOf(kept, names);
    const pending = kept?.pending ?? [];
    return dictated ?? { ...followed, servers: followed.servers.filter((server) => !pending.includes(server)) };
  };
  const { within = {}, ...parts } = more;
  const ground: Ground = {
    acts,
    fence: { acked: async () => ({ acked: 2, total: 2, missing: [] }) },
    clock: { wallMs: Date.now, steadyMs: () => performance.now(), wait: (ms) => sleep(ms) },
    limits: { ...defaultLimits, quietMs: 20, ...within },
    keep: async (record) => {
      count += 1;
      const isEnd = killing !== undefined && count >= killing.at;
      if (isEnd && !killing.isKept) throw new Killed();
      kept = record;
      if (isOver(record)) followed = { ...followed, primary: record.step === 'done' ? record.to : record.from };
      if (isEnd) throw new Killed();
    },
    servers: () => names,
    rules: ({ reference, referenceKeys }) => {
      return { reference, referenceKeys, longestLinkDownMs: 60_000, leftOut: new Set() };
    },
    pause: () => undefined,
    primary: () => published().primary,
    ...parts,
  };
  return { ground, kept: () => kept, published, close: () => acts.close() };
}
