// Schema 1 as sqlite-store.ts makes it.

import { readSchema1 } from './schema-1.ts';
import { applicationId } from './sqlite-file.ts';
import type { Layout } from './sqlite-file.ts';

export const layout: Layout = {
  version: 1,
  oldest: 1,
  schema: `
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = 1;
    CREATE TABLE staged (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) STRICT;
    CREATE TABLE committed (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) STRICT;
    CREATE TABLE draining (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL, until_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  check: readSchema1,
  migrate: () => undefined,
};
