// Schema 4: the log, and tables that are its fold, so that a start reads what there is and not all that ever was.

import { applicationId } from './sqlite-file.ts';

export const schemaVersion = 4;

/** What schema 2 has not: the orders that stand, some of which may be over. `kind`: drain or disable. */
export const ordersSchema = `
  CREATE TABLE orders (
    cluster TEXT NOT NULL, server TEXT NOT NULL, kind TEXT NOT NULL,
    author TEXT NOT NULL, at_ms INTEGER NOT NULL, until_ms INTEGER, message TEXT,
    PRIMARY KEY (cluster, server)
  ) STRICT, WITHOUT ROWID;
`;

/** What schema 3 has not: events, beside the log. `body` is JSON, see event-table.ts. */
export const eventsSchema = `
  CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, type TEXT NOT NULL, cluster TEXT, body TEXT NOT NULL
  ) STRICT;
`;

/**
 * Makes an empty database into an empty store. Objects are JSON, see storedTextOf. A NULL content: it is to go; a NULL
 * `before`: it was not there. Of a revision's changes only what was before is kept: an old revision is found from
 * what is committed now, backwards. `entry` is the number of the revision's entry in the log, `total` what the log
 * weighs up to this entry, since its beginning (trimming.ts).
 * Without row ids a row is in one place, and a write costs less.
 */
export const schema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
  CREATE TABLE log (
    number INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, author TEXT NOT NULL, type TEXT NOT NULL,
    total INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE staged (
    kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT, author TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE committed (
    kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE draining (
    name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL,
    until_ms INTEGER NOT NULL, was_catch_all INTEGER NOT NULL, followed TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE revisions (
    revision INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, author TEXT NOT NULL, message TEXT NOT NULL,
    rollback_to INTEGER, summary TEXT NOT NULL, entry INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE revision_changes (
    revision INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, before TEXT,
    PRIMARY KEY (revision, kind, name)
  ) STRICT, WITHOUT ROWID;
  ${ordersSchema}
  ${eventsSchema}
`;

/** In meta: the key that secrets are sealed with, wrapped by the key of the key file. */
export const secretKeyKey = 'secret_key';

/** In meta, each followed by a host name: its IP addresses, as JSON. */
export const addressesKey = 'addresses ';

/** In meta, each followed by the name of a cluster: who is left out of it, as JSON. */
export const outagesKey = 'outages ';

/** In meta, each followed by the name of a note: its text, as JSON. */
export const notesKey = 'note ';

/** In meta: what is kept of the routes, see routes-row.ts; not there when nothing is known of them. */
export const routesKey = 'routes';
