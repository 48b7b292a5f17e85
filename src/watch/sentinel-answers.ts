// What a Sentinel answers, and what it tells its subscribers, as facts. Pure. The fields and events are those of
// Redis's sentinel.c (redis.io/docs/latest/operate/oss_and_stack/management/sentinel).

import type { SentinelOpinion, SentinelVote } from '../effective/seen.ts';
import { compareText } from '../model/compare-text.ts';
import { formatAddress, parseServerHost } from '../net/address.ts';

/** The address that Envoys dial for one that a Sentinel says; HOST:PORT both. */
export type Dialed = (said: string) => string;

/** Answers to SENTINEL GET-MASTER-ADDR-BY-NAME, MASTER, REPLICAS and SENTINELS; undefined: refused. */
export interface SentinelAnswers {
  readonly named: unknown;
  readonly master: unknown;
  readonly replicas?: unknown;
  readonly sentinels?: unknown;
}

/** What a Sentinel tells its subscribers. */
export interface SentinelMessage {
  /** As `+switch-master`. */
  readonly event: string;
  readonly payload: string;
  /** The name of the group that it is about; undefined: it does not say. */
  readonly master: string | undefined;
}

/**
 * Undefined: these are no answers of a Sentinel.
 * @param answers where `named` is not null: it knows the name.
 */
export function readOpinion(answers: SentinelAnswers, dialed: Dialed): SentinelOpinion | undefined {
  const { named, master, replicas, sentinels } = answers;
  const primary = Array.isArray(named) ? addressOf(named[0], named[1], dialed) : undefined;
  const fields = readFields(master);
  const epoch = numberIn(fields, 'config-epoch');
  if (primary === undefined || epoch === undefined) return undefined;
  // Until it has repointed all replicas the leader of a failover still has the old primary here, beside its successor.
  const all = [...readServers([master], dialed), ...readServers(replicas, dialed)];
  return {
    primary,
    epoch,
    flags: flagsOf(fields),
    quorum: numberIn(fields, 'quorum') ?? 0,
    replicas: all.filter(({ address }) => address !== primary).sort((a, b) => compareText(a.address, b.address)),
    sentinels: readServers(sentinels, dialed).map(({ address }) => address).sort(),
  };
}

/** @param info the answer to INFO: whether it acts on nothing for a while, because its clock jumped. */
export function isTilted(info: unknown): boolean {
  return typeof info === 'string' && /^sentinel_tilt:1\r?$/mu.test(info);
}

/** @param channel the name of the event. */
export function readMessage(event: string, payload: string): SentinelMessage {
  return { event, payload, master: findMaster(event, payload.split(' ')) };
}

function findMaster(event: string, words: readonly string[]): string | undefined {
  if (event === '+switch-master') return words[0];
  // A group is its primary: an event about that is one about the group.
  if (words[0] === 'master') return words[1];
  const at = words.indexOf('@');
  return at < 0 ? undefined : words[at + 1];
}

/** Who is voted for by whoever tells this. */
export function readVote({ event, payload }: SentinelMessage): SentinelVote | undefined {
  const [, leader, epoch] = /^([0-9a-f]{40}) (\d{1,15})$/u.exec(event === '+vote-for-leader' ? payload : '') ?? [];
  return leader === undefined ? undefined : { leader, epoch: Number(epoch) };
}

/** The replica that whoever tells this is about to promote. */
export function readSelected({ event, payload }: SentinelMessage, dialed: Dialed): string | undefined {
  const [kind, , host, port] = event === '+selected-slave' ? payload.split(' ') : [];
  return kind === 'slave' ? addressOf(host, port, dialed) : undefined;
}

type Fields = ReadonlyMap<string, string>;

function readServers(replies: unknown, dialed: Dialed): SentinelOpinion['replicas'][number][] {
  return listOf(replies).flatMap((reply) => {
    const fields = readFields(reply);
    const address = addressOf(fields.get('ip'), fields.get('port'), dialed);
    return address === undefined ? [] : [{ address, flags: flagsOf(fields) }];
  });
}

// Names and values in turn.
function readFields(reply: unknown): Fields {
  const fields = new Map<string, string>();
  const items = listOf(reply);
  for (let at = 0; at + 1 < items.length; at += 2) fields.set(String(items[at]), String(items[at + 1]));
  return fields;
}

function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

function flagsOf(fields: Fields): string[] {
  return (fields.get('flags') ?? '').split(',').filter((flag) => flag !== '');
}

function numberIn(fields: Fields, name: string): number | undefined {
  const text = fields.get(name) ?? '';
  return /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
}

function addressOf(host: unknown, port: unknown, dialed: Dialed): string | undefined {
  if (typeof host !== 'string' || !/^\d{1,5}$/u.test(String(port))) return undefined;
  const address = { host: parseServerHost(host), port: Number(port) };
  if (address.host === undefined || address.port === 0) return undefined;
  return dialed(formatAddress({ host: address.host, port: address.port }));
}
