// The tables of schema 1, as the releases before the log left them: everything twice, staged and committed.

import type { DatabaseSync } from 'node:sqlite';

import type { Cluster } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { parseJson, parseObject, readRow } from './fields.ts';
import type { Fields } from './fields.ts';
import type { KeptRoutes } from './log-store.ts';
import { parseRoutes } from './routes-row.ts';
import { parseV1Cluster } from './v1-cluster.ts';

/** All that such a file holds. */
export interface Schema1State {
  /** Whole, not only what differs. */
  readonly staged: readonly Cluster[];
  /** Undefined: nothing was ever committed. */
  readonly committed: readonly Cluster[] | undefined;
  readonly draining: readonly DrainingCluster[];
  /** Undefined when no commit gave any. */
  readonly routes: KeptRoutes | undefined;
}

/** Tells "committed, with no clusters" from "never committed". */
export const everCommittedKey = 'ever_committed';

/** What is kept of the routes, see routes-row.ts; not there before a commit gave any. */
export const routesKey = 'routes';

/**
 * Reads everything. A cluster that is staged as it was committed is one object in both lists. Throws an Error that
 * names the table and the row when a row holds no cluster, and SQLite's own errors.
 */
export function readSchema1(db: DatabaseSync): Schema1State {
  const seen = new Map<string, Cluster>();
  const committed = readClusters(db, 'committed', seen);
  const staged = readClusters(db, 'staged', seen);
  const everCommitted = db.prepare('SELECT 1 FROM meta WHERE key = ?').get(everCommittedKey) !== undefined;
  if (!everCommitted && committed.length > 0) throw new Error('table committed: rows before the first commit');
  return {
    staged,
    committed: everCommitted ? committed : undefined,
    draining: readDraining(db),
    routes: readRoutes(db),
  };
}

function readClusters(db: DatabaseSync, table: 'staged' | 'committed', seen: Map<string, Cluster>): Cluster[] {
  return db.prepare(`SELECT name, content FROM ${table}`).all().map((row) => {
    const key = JSON.stringify([row['name'], row['content']]);
    const cluster = seen.get(key) ?? readRow(table, row['name'], () => parseClusterRow(row));
    seen.set(key, cluster);
    return cluster;
  });
}

function readDraining(db: DatabaseSync): DrainingCluster[] {
  const rows = db.prepare('SELECT name, content, until_ms FROM draining').all();
  return rows.map((row) => readRow('draining', row['name'], () => parseDrainingRow(row)));
}

function readRoutes(db: DatabaseSync): KeptRoutes | undefined {
  const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(routesKey);
  return row && readRow('meta', routesKey, () => parseRoutes(String(row['value'])));
}

/** Of `{"prefix", "endpoints": [{"address", "port"}]}`. */
function parseClusterRow({ name, content }: Fields): Cluster {
  const { prefix, endpoints } = parseObject(parseJson(content));
  return parseV1Cluster({ name, prefix, endpoints });
}

/** Beside that, `was_catch_all` and `followed`, which some of these releases did not know of. */
function parseDrainingRow(row: Fields): DrainingCluster {
  const { was_catch_all: wasCatchAll, followed } = parseObject(parseJson(row['content']));
  return {
    cluster: parseClusterRow(row),
    untilMs: Number(row['until_ms']),
    wasCatchAll: wasCatchAll === true,
    followed: typeof followed === 'string' && followed !== '' ? followed : undefined,
  };
}
