// The store on disk, one SQLite file: a change is in the write-ahead log and synced when the call returns.

import type { DatabaseSync } from 'node:sqlite';
import type { ClusterEdit } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { renderClusterContent, renderDrainingContent } from './cluster-row.ts';
import { HeldFiles } from './held-files.ts';
import { renderRoutes } from './routes-row.ts';
import { everCommittedKey, readSchema1, routesKey } from './schema-1.ts';
import { explainReadError, explainWriteError } from './sqlite-error.ts';
import { openDatabaseFile } from './sqlite-file.ts';
import { layout } from './sqlite-schema.ts';
import { runTransaction } from './sqlite-transaction.ts';
import type { KeptRoutes, Store } from './store.ts';

type ApplyEdit = (edit: ClusterEdit) => void;

/**
 * Opens the store in `dataDir`, made when missing, and holds it until it is closed or the process ends, however it
 * ends. Names must be well-formed Unicode. Throws StoreError when the file can't be used; it is then as it was.
 */
export function openSqliteStore(dataDir: string): Store {
  const { path, db } = openDatabaseFile(dataDir, layout);
  const files = new HeldFiles(path);
  const editStaged = prepareEdit(db, 'staged');
  const editCommitted = prepareEdit(db, 'committed');
  const replaceDraining = prepareDraining(db);
  const replaceRoutes = prepareRoutes(db);
  const noteCommit = db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)');

  const write = (work: () => void): void => {
    try {
      if (db.isOpen) files.requireInPlace();
      runTransaction(db, work);
      files.note();
    } catch (error) {
      throw explainWriteError(path, error);
    }
  };

  return {
    load: () => {
      try {
        return readSchema1(db);
      } catch (error) {
        throw explainReadError(path, error);
      }
    },
    saveStaged: (edit) => write(() => editStaged(edit)),
    saveCommit: (edits, draining = [], routes) =>
      write(() => {
        edits.forEach(editCommitted);
        replaceDraining(draining);
        replaceRoutes(routes);
        noteCommit.run(everCommittedKey, 'yes');
      }),
    close: () => {
      if (db.isOpen) db.close();
    },
  };
}

function prepareEdit(db: DatabaseSync, table: 'staged' | 'committed'): ApplyEdit {
  const remove = db.prepare(`DELETE FROM ${table} WHERE name = ?`);
  const put = db.prepare(
    `INSERT INTO ${table} (name, content) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = excluded.content`,
  );
  return ({ name, after }) => {
    if (after === undefined) remove.run(name);
    else put.run(name, renderClusterContent(after));
  };
}

function prepareDraining(db: DatabaseSync): (draining: readonly DrainingCluster[]) => void {
  const clear = db.prepare('DELETE FROM draining');
  const put = db.prepare('INSERT INTO draining (name, content, until_ms) VALUES (?, ?, ?)');
  return (draining) => {
    clear.run();
    for (const each of draining) put.run(each.cluster.name, renderDrainingContent(each), each.untilMs);
  };
}

function prepareRoutes(db: DatabaseSync): (routes: KeptRoutes | undefined) => void {
  const clear = db.prepare('DELETE FROM meta WHERE key = ?');
  const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
  return (routes) => {
    clear.run(routesKey);
    if (routes !== undefined) put.run(routesKey, renderRoutes(routes));
  };
}
