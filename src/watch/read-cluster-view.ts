// What a node of a Redis Cluster says of all of it: the answers to CLUSTER INFO, MYID, and SHARDS (Redis 7) or, where that
// is not known, NODES, which has all that SLOTS has and the nodes that are given up besides, or SLOTS. Pure.

import { slotCount } from '../effective/cluster-view.ts';
import type { ClusterNode, ClusterView, SlotRange } from '../effective/cluster-view.ts';
import { compareText } from '../model/compare-text.ts';
import { formatAddress, parseServerHost } from '../net/address.ts';
import { numberOf, parseInfo } from './info.ts';

export interface ClusterAnswers {
  readonly info: unknown;
  readonly myId: unknown;
  /** The first of these that it knows. */
  readonly topology: { readonly of: 'shards' | 'nodes' | 'slots'; readonly reply: unknown };
}

export interface AskedAt {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Undefined: that is no answer of a Redis Cluster. */
export function readClusterView({ info, myId, topology }: ClusterAnswers, asked: AskedAt): ClusterView | undefined {
  const { of, reply } = topology;
  const nodes = of === 'shards' ? readShards(reply, asked) : of === 'nodes' ? readNodes(reply) : readSlots(reply);
  if (typeof info !== 'string' || typeof myId !== 'string' || nodes === undefined) return undefined;
  const fields = parseInfo(info);
  const own = nodes.find(({ id }) => id === myId);
  // It may not know, or not say, where it is reached itself. CLUSTER SLOTS is silent of one without slots.
  const address = own?.address ?? formatAddress(asked);
  const self: ClusterNode = own === undefined ? { ...unheard, id: myId, address } : { ...own, address };
  return {
    ownId: myId,
    state: fields.get('cluster_state') === 'ok' ? 'ok' : 'fail',
    epoch: numberOf(fields, 'cluster_current_epoch'),
    nodes: [...nodes.filter(({ id }) => id !== myId), self].sort((a, b) => compareText(a.id, b.id)),
  };
}

const unheard = { role: 'primary', state: 'online', slots: [] } as const;

type Fields = ReadonlyMap<string, unknown>;

/** `[["slots", [0, 5460], "nodes", [["id", "c70b…", "port", 6379, …], …]], …]` (redis.io/commands/cluster-shards). */
function readShards(reply: unknown, { isTls }: AskedAt): ClusterNode[] | undefined {
  if (!Array.isArray(reply)) return undefined;
  return reply.map(fieldsOf).flatMap((shard) => {
    const nodes = listOf(shard.get('nodes')).map(fieldsOf).filter((node) => typeof node.get('id') === 'string');
    const owner = findOwner(nodes);
    return nodes.map((node): ClusterNode => {
      const role = roleOf(node);
      const port = (isTls ? node.get('tls-port') : undefined) ?? node.get('port') ?? node.get('tls-port');
      return {
        id: String(node.get('id')),
        address: addressOf(node.get('endpoint'), port) ?? addressOf(node.get('ip'), port),
        role,
        state: stateOf(node.get('health')),
        slots: node === owner ? rangesOf(shard.get('slots')) : [],
        ...(role === 'replica' && { follows: owner && String(owner.get('id')) }),
      };
    });
  });
}

// After a failover a shard of Valkey has two: the old primary is one still. It has stayed behind.
function findOwner(nodes: readonly Fields[]): Fields | undefined {
  const offsetOf = (node: Fields): number => Number(node.get('replication-offset') ?? 0);
  const isGone = (node: Fields): boolean => stateOf(node.get('health')) === 'fail';
  const primaries = nodes.filter((node) => roleOf(node) === 'primary');
  const [owner] = primaries.sort((a, b) => Number(isGone(a)) - Number(isGone(b)) || offsetOf(b) - offsetOf(a));
  return owner;
}

function roleOf(node: Fields): ClusterNode['role'] {
  const role = node.get('role');
  return role === 'master' || role === 'primary' ? 'primary' : 'replica';
}

// The documents say failed, the program says fail.
function stateOf(health: unknown): ClusterNode['state'] {
  if (health === 'fail' || health === 'failed') return 'fail';
  return health === 'loading' ? 'loading' : 'online';
}

/** A line for each: `ID IP:PORT@BUS[,NAME] FLAGS PRIMARY|- PING PONG EPOCH LINK [SLOTS…]` (redis.io/commands/cluster-nodes). */
function readNodes(reply: unknown): ClusterNode[] | undefined {
  if (typeof reply !== 'string') return undefined;
  const lines = reply.split('\n').map((line) => line.trim().split(' ')).filter(([, place]) => place !== undefined);
  return lines.flatMap(([id = '', place = '', flagText = '', primary, , , , , ...slots]): ClusterNode[] => {
    const flags = flagText.split(',');
    // One that was met and has not answered yet has an id of no meaning.
    if (flags.includes('handshake')) return [];
    const isReplica = flags.includes('slave') || flags.includes('replica');
    const [, host, port] = /^(.*):(\d+)@/u.exec(place) ?? /^(.*):(\d+)/u.exec(place) ?? [];
    return [{
      id,
      address: addressOf(host, Number(port)),
      role: isReplica ? 'replica' : 'primary',
      state: flags.includes('fail') ? 'fail' : 'online',
      // `[93-<-292f…]`: on its way from or to another.
      slots: isReplica ? [] : inOrder(slots.filter((text) => !text.startsWith('[')).flatMap(readRange)),
      ...(isReplica && { follows: primary === '-' ? undefined : primary }),
    }];
  });
}

function readRange(text: string): SlotRange[] {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/u.exec(text) ?? [];
  return first === undefined ? [] : [{ first: Number(first), last: Number(last) }];
}

/** `[[0, 5460, [HOST, PORT, ID, …], …replicas], …]` (redis.io/commands/cluster-slots), of those that have some. */
function readSlots(reply: unknown): ClusterNode[] | undefined {
  if (!Array.isArray(reply)) return undefined;
  const byId = new Map<string, ClusterNode>();
  for (const [first, last, ...servers] of reply.map(listOf)) {
    const ids = servers.map((server) => String(listOf(server)[2]));
    for (const [index, server] of servers.entries()) {
      const [[host, port], id = ''] = [listOf(server), ids[index]];
      const known = byId.get(id);
      const slots = index > 0 ? [] : [...(known?.slots ?? []), ...rangesOf([first, last])];
      const role = index === 0 ? 'primary' : 'replica';
      const follows = index === 0 ? {} : { follows: ids[0] };
      byId.set(id, { id, address: addressOf(host, port), role, state: 'online', slots: inOrder(slots), ...follows });
    }
  }
  return [...byId.values()];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `["id", "c70b…", "port", 6379]`, whatever the order and whatever else there is. */
function fieldsOf(reply: unknown): Fields {
  const list = listOf(reply);
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[String(name), list[index + 1]] as const] : [])));
}

function rangesOf(value: unknown): SlotRange[] {
  const numbers = listOf(value).map(Number);
  return inOrder(numbers.flatMap((first, index) => (index % 2 === 0 ? [{ first, last: numbers[index + 1] ?? -1 }] : [])));
}

function inOrder(ranges: readonly SlotRange[]): SlotRange[] {
  const isSlot = (slot: number): boolean => Number.isInteger(slot) && slot >= 0 && slot < slotCount;
  const real = ranges.filter(({ first, last }) => isSlot(first) && isSlot(last) && first <= last);
  return real.sort((a, b) => a.first - b.first);
}

/** Undefined: it does not say (null, an empty text, `?`), or that is no address. */
function addressOf(host: unknown, port: unknown): string | undefined {
  const parsed = typeof host === 'string' ? parseServerHost(host) : undefined;
  const number = Number(port);
  if (parsed === undefined || !Number.isInteger(number) || number < 1 || number > 65_535) return undefined;
  return formatAddress({ host: parsed, port: number });
}
