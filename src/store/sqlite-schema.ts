// What is inside the database file: its marks, its tables and how they read.
// Knows nothing of paths, locks or durability.

import type { DatabaseSync } from 'node:sqlite';
import type { Cluster } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { parseClusterRow, parseFollowed, parseWasCatchAll } from './cluster-row.ts';
import { parseRoutes } from './routes-row.ts';
import type { KeptRoutes, StoredState } from './store.ts';

/** "RECP" in ASCII: marks the file as ours (sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x52_45_43_50;

/** The layout below; a file with a higher one was written by a newer program. */
export const schemaVersion = 1;

/** Makes an empty database into an empty store. One row per cluster, so that an edit costs the cluster it touches. */
export const schema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
  CREATE TABLE staged (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) STRICT;
  CREATE TABLE committed (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) STRICT;
  CREATE TABLE draining (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL, until_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/** Tells "committed, with no clusters" from "never committed". */
export const everCommittedKey = 'ever_committed';

/** What is kept of the routes, see routes-row.ts; not there before a commit gave any. */
export const routesKey = 'routes';

/** The value of a pragma that gives one number. */
export function readNumber(db: DatabaseSync, pragma: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

/** What SQLite finds wrong with the file, in one line, or undefined. */
export function findCorruption(db: DatabaseSync): string | undefined {
  const { integrity_check: finding } = db.prepare('PRAGMA integrity_check(1)').get() ?? {};
  return finding === 'ok' ? undefined : String(finding);
}

/**
 * Reads everything. A cluster that is staged as it was committed is one object in both lists, as it was before it was
 * stored. Throws an Error that names the table and the row when a row holds no cluster, and SQLite's own errors.
 */
export function readState(db: DatabaseSync): StoredState {
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
    const cluster = seen.get(key) ?? readCluster(table, row);
    seen.set(key, cluster);
    return cluster;
  });
}

function readDraining(db: DatabaseSync): DrainingCluster[] {
  const rows = db.prepare('SELECT name, content, until_ms FROM draining').all();
  return rows.map((row) => ({
    cluster: readCluster('draining', row),
    untilMs: Number(row['until_ms']),
    wasCatchAll: parseWasCatchAll(row),
    followed: parseFollowed(row),
  }));
}

function readRoutes(db: DatabaseSync): KeptRoutes | undefined {
  const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(routesKey);
  if (row === undefined) return undefined;
  try {
    return parseRoutes(String(row['value']));
  } catch (error) {
    throw new Error(`table meta, row ${JSON.stringify(routesKey)}: ${(error as Error).message}`, { cause: error });
  }
}

function readCluster(table: string, row: Readonly<Record<string, unknown>>): Cluster {
  try {
    return parseClusterRow(row);
  } catch (error) {
    const place = `table ${table}, row ${JSON.stringify(row['name'])}`;
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
}
