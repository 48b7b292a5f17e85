// What a server tells of itself. Undefined is what it does not tell: nothing is guessed.

import { numberOf, parseInfo } from './info.ts';
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
  readonly isLoading: boolean;
  /** Of a replica: `up` or `down`. */
  readonly primaryLink: string | undefined;
  /** Undefined also where it is said in another sense than Redis's. */
  readonly history: History | undefined;
  /** In bytes; 0: no limit. */
  readonly maxMemory: number | undefined;
  readonly maxMemoryPolicy: string | undefined;
  readonly maxClients: number | undefined;
  readonly isAppendOnly: boolean | undefined;
  /** True when it saves snapshots by itself. */
  readonly savesSnapshots: boolean | undefined;
}

/** Whose writes a server has: a replica has the identifier of its primary, also through NAT and over other replicas. */
export interface History {
  readonly id: string;
  /** How far it has come. */
  readonly offset: number | undefined;
  /** What it had before it was promoted, or followed one that was, and up to which offset; undefined: nothing else. */
  readonly former: { readonly id: string; readonly end: number } | undefined;
}

/** What a server answered; undefined is what it refused or does not know. */
export interface Answers {
  readonly info: string;
  readonly role?: unknown;
  /** To CONFIG GET save. */
  readonly save?: unknown;
}

// Where each product says its own version; Valkey's redis_version is that of the Redis which it is compatible with.
const versionFields = [
  ['valkey', 'valkey_version'],
  ['dragonfly', 'dragonfly_version'],
  ['kvrocks', 'kvrocks_version'],
  ['redis', 'redis_version'],
] as const;

// Those that replicate as Redis does; others have no identifiers, or make them up.
const haveHistories = new Set(['redis', 'valkey', 'keydb']);

export function readFacts({ info, role, save }: Answers): ServerFacts {
  const fields = parseInfo(info);
  const [product, version] = findProduct(fields);
  const told = parseRole(role);
  return {
    role: told.name === 'unknown' ? roleOfInfo(fields) : told,
    product,
    version,
    isClusterMode: fields.get('redis_mode') === 'cluster' || fields.get('cluster_enabled') === '1',
    runId: fields.get('run_id'),
    isLoading: fields.get('loading') === '1',
    primaryLink: fields.get('master_link_status'),
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

function flagOf(text: string | undefined): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined;
}

// `["save", "3600 1 300 100"]`; an empty text: never.
function findSaves(reply: unknown): boolean | undefined {
  if (!Array.isArray(reply) || reply.length !== 2 || typeof reply[1] !== 'string') return undefined;
  return reply[1] !== '';
}
