// An entry of the log as a row of the database: what all entries have as columns, the rest as JSON. Read back as it
// was, and checked.

import type { Edits } from '../inventory/edits.ts';
import { parseBoolean, parseJson, parseKind, parseList, parseNumber } from './fields.ts';
import { parseObject, parseOptional, parseText } from './fields.ts';
import type { Fields } from './fields.ts';
import type { DrainingEdit, DrainingTerms, NumberedEntry, ObjectRef } from './log-store.ts';
import { parseRoutesFields, routesFields } from './routes-row.ts';
import { parseStoredCluster, parseStoredListener } from './stored-object.ts';

/**
 * JSON that {@link parseEntryRow} reads back. Objects as in the API; what goes has `"after": null`.
 * stage: `{"edits": {"clusters": [{"name", "after"}], "listeners"}}`, discard: `{"objects": [{"kind", "name"}]}`,
 * commit: `{"revision", "message", "rollback_to"?, "edits", "draining": [{"name", "after": {"until_ms",
 * "was_catch_all", "followed"?, "cluster"?}}], "routes"?}`.
 */
export function renderEntryBody(entry: NumberedEntry): string {
  switch (entry.type) {
    case 'stage':
      return JSON.stringify({ edits: editsFields(entry.edits) });
    case 'discard':
      return JSON.stringify({ objects: entry.objects.map(({ kind, name }) => ({ kind, name })) });
    case 'commit':
      return JSON.stringify({
        revision: entry.revision,
        message: entry.message,
        rollback_to: entry.rollbackTo,
        edits: editsFields(entry.edits),
        draining: entry.draining.map(drainingFields),
        routes: entry.routes && routesFields(entry.routes),
      });
  }
}

/** Throws an Error that says in one line what is wrong with a row that holds none. */
export function parseEntryRow({ number, at_ms: atMs, author, type, body }: Fields): NumberedEntry {
  const deed = {
    number: parseNumber('number', number),
    atMs: parseNumber('at_ms', atMs),
    author: parseText('author', author),
  };
  const fields = parseObject(parseJson(body));
  switch (type) {
    case 'stage':
      return { ...deed, type, edits: parseEdits(fields['edits']) };
    case 'discard':
      return { ...deed, type, objects: parseList('objects', fields['objects']).map(parseRef) };
    case 'commit': {
      const { revision, message, rollback_to: rollbackTo, edits, draining, routes } = fields;
      return {
        ...deed,
        type,
        revision: parseNumber('revision', revision),
        message: parseText('message', message),
        rollbackTo: parseOptional(parseNumber, 'rollback_to', rollbackTo),
        edits: parseEdits(edits),
        draining: parseList('draining', draining).map(parseDrainingEdit),
        routes: routes === undefined ? undefined : parseRoutesFields(routes),
      };
    }
    default:
      throw new Error(`type ${JSON.stringify(type)} is none of stage, discard, commit`);
  }
}

function editsFields({ clusters, listeners }: Edits): object {
  const toFields = ({ name, after = null }: { readonly name: string; readonly after?: object | null | undefined }) => {
    return { name, after };
  };
  return { clusters: clusters.map(toFields), listeners: listeners.map(toFields) };
}

function parseEdits(value: unknown): Edits {
  const { clusters, listeners } = parseObject(value);
  return {
    clusters: parseList('clusters', clusters).map((edit) => parseEdit(edit, parseStoredCluster)),
    listeners: parseList('listeners', listeners).map((edit) => parseEdit(edit, parseStoredListener)),
  };
}

/** Null: it is to go. */
function parseEdit<T>(value: unknown, parse: (name: string, after: unknown) => T) {
  const { name: text, after } = parseObject(value);
  const name = parseText('name', text);
  return { name, after: after === null ? undefined : parse(name, after) };
}

function drainingFields({ name, after }: DrainingEdit): object {
  if (after === undefined) return { name, after: null };
  const { untilMs, wasCatchAll, followed, cluster } = after;
  return { name, after: { until_ms: untilMs, was_catch_all: wasCatchAll, followed, cluster } };
}

function parseDrainingEdit(value: unknown): DrainingEdit {
  return parseEdit(value, (name, after): DrainingTerms => {
    const { until_ms: untilMs, was_catch_all: wasCatchAll, followed, cluster } = parseObject(after);
    return {
      untilMs: parseNumber('until_ms', untilMs),
      wasCatchAll: parseBoolean('was_catch_all', wasCatchAll),
      followed: parseOptional(parseText, 'followed', followed),
      cluster: cluster === undefined ? undefined : parseStoredCluster(name, cluster),
    };
  });
}

function parseRef(value: unknown): ObjectRef {
  const { kind, name } = parseObject(value);
  return { kind: parseKind('kind', kind), name: parseText('name', name) };
}
