// What a server tells of itself. Undefined is what it does not tell: nothing is guessed.

import type { History } from '../effective/seen.ts';
import { fieldsNamed, numberOf, parseInfo } from './info.ts';
import { parseRole, roleOfInfo } from './role.ts';
import type { Role } from './role.ts';

export interface ServerFacts {
  readonly role: Role;
  /** As `redis`, `valkey`, `keydb`, `dragonfly`, `kvrocks`. */
  readonly product: string;
  readonly version: string | undefined;
  readonly isClusterMode: boolean;
  /** Another after each start. */
  readonly runId: string | undefined;
  /** How long ago it was started, in s. */
  readonly uptimeS: number | undefined;
  readonly isLoading: boolean;
  /** Of a replica: `up` or `down`. */
  readonly primaryLink: string | undefined;
  /** Undefined also where it is said in another sense than Redis's. */
  readonly history: History | undefined;
  /** Of a replica: how long ago it heard of its primary, in s. */
  readonly primarySilentS: number | undefined;
  /** Of a replica: whether it is being sent all that its primary has. */
  readonly isSyncing: boolean | undefined;
  /** Of a replica: 0: never to be promoted; the smaller the sooner. */
  readonly priority: number | undefined;
  /** How many it has, in all of its databases. */
  readonly keys: number | undefined;
  /** Undefined also where a log of writes may have brought some. */
  readonly hasLoadedNothing: boolean | undefined;
  /** In bytes; 0: no limit. */
  readonly maxMemory: number | undefined;
  readonly maxMemoryPolicy: string | undefined;
  readonly maxClients: number | undefined;
  readonly isAppendOnly: boolean | undefined;
  /** True when it saves snapshots by itself. */
  readonly savesSnapshots: boolean | undefined;
}

/** What a server answered; undefined is what it refused or does not know. */
export interface Answers {
  readonly info: string;
  readonly role?: unknown;
  /** To CONFIG GET save. */
  readonly save?: unknown;
}

// All that is read here and in role.ts, of some 200: what is not named is not there.
const wanted = fieldsNamed(
  'executable', 'redis_version', 'valkey_version', 'dragonfly_version', 'kvrocks_version',
  'redis_mode', 'cluster_enabled', 'run_id', 'uptime_in_seconds', 'loading', 'rdb_last_load_keys_loaded', 'role',
  'master_host', 'master_port', 'master_link_status', 'master_last_io_seconds_ago', 'master_sync_in_progress',
  'slave_priority', 'master_replid', 'master_replid2', 'second_repl_offset', 'slave_repl_offset', 'master_repl_offset',
  'maxmemory', 'maxmemory_policy', 'maxclients', 'aof_enabled', 'db\\d+',
);

// Where each product says its own version; Valkey's redis_version is that of the Redis which it is compatible with.
const versionFields = [
  ['valkey', 'valkey_version'],
  ['dragonfly', 'dragonfly_version'],
  ['kvrocks', 'kvrocks_version'],
  ['redis', 'redis_version'],
] as const;

// Those that replicate as Redis does; others have no identifiers, or make them up.
const haveHistories = new Set(['redis', 'valkey', 'keydb']);
// Kvrocks says how many it had when it counted them last, on demand: 0 before.
const haveNoCount = new Set(['kvrocks']);

export function readFacts({ info, role, save }: Answers): ServerFacts {
  const fields = parseInfo(info, wanted);
  const [product, version] = findProduct(fields);
  const told = parseRole(role);
  return {
    role: told.name === 'unknown' ? roleOfInfo(fields) : told,
    product,
    version,
    isClusterMode: fields.get('redis_mode') === 'cluster' || fields.get('cluster_enabled') === '1',
    runId: fields.get('run_id'),
    uptimeS: numberOf(fields, 'uptime_in_seconds'),
    isLoading: fields.get('loading') === '1',
    primaryLink: fields.get('master_link_status'),
    primarySilentS: numberOf(fields, 'master_last_io_seconds_ago'),
    isSyncing: flagOf(fields.get('master_sync_in_progress')),
    priority: numberOf(fields, 'slave_priority'),
    keys: info.includes('# Keyspace') && !haveNoCount.has(product) ? countKeys(fields) : undefined,
    hasLoadedNothing: findLoaded(fields),
    history: haveHistories.has(product) ? readHistory(fields) : undefined,
    maxMemory: numberOf(fields, 'maxmemory'),
    maxMemoryPolicy: fields.get('maxmemory_policy'),
    maxClients: numberOf(fields, 'maxclients'),
    isAppendOnly: flagOf(fields.get('aof_enabled')),
    savesSnapshots: findSaves(save),
  };
}

function findProduct(fields: ReadonlyMap<string, string>): readonly [product: string, version: string | undefined] {
  // KeyDB tells by the path of its program alone.
  if (fields.get('executable')?.includes('keydb') === true) return ['keydb', fields.get('redis_version')];
  const found = versionFields.find(([, field]) => fields.has(field));
  return found === undefined ? ['unknown', undefined] : [found[0], fields.get(found[1])];
}

function readHistory(fields: ReadonlyMap<string, string>): History | undefined {
  const [id, formerId] = [fields.get('master_replid'), fields.get('master_replid2')];
  if (id === undefined || id === '') return undefined;
  // -1: there is none.
  const end = numberOf(fields, 'second_repl_offset');
  const former = formerId === undefined || end === undefined ? undefined : { id: formerId, end };
  return { id, offset: numberOf(fields, 'slave_repl_offset') ?? numberOf(fields, 'master_repl_offset'), former };
}

// `db0:keys=3,expires=0,avg_ttl=0`; a database without keys is not told.
function countKeys(fields: ReadonlyMap<string, string>): number {
  let keys = 0;
  for (const [name, value] of fields) {
    if (/^db\d+$/u.test(name)) keys += Number(/^keys=(\d{1,15})/u.exec(value)?.[1] ?? 0);
  }
  return keys;
}

// Since Redis 7.0: of the last snapshot, also of one that a primary sent.
function findLoaded(fields: ReadonlyMap<string, string>): boolean | undefined {
  const loaded = numberOf(fields, 'rdb_last_load_keys_loaded');
  if (loaded === undefined) return undefined;
  if (loaded > 0) return false;
  return fields.get('aof_enabled') === '0' ? true : undefined;
}

function flagOf(text: string | undefined): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined;
}

// `["save", "3600 1 300 100"]`; an empty text: never.
function findSaves(reply: unknown): boolean | undefined {
  if (!Array.isArray(reply) || reply.length !== 2 || typeof reply[1] !== 'string') return undefined;
  return reply[1] !== '';
}
