// An entry of the log as a row of the database: what all entries have as columns, the rest as JSON. Read back as it
// was, and checked.

import { toEdits } from '../inventory/edits.ts';
import type { Edits, ObjectEdit } from '../inventory/edits.ts';
import { listOfKind, objectKinds } from '../model/kinds.ts';
import { parseBoolean, parseJson, parseKind, parseList, parseNumber } from './fields.ts';
import { parseObject, parseOptional, parseText } from './fields.ts';
import type { Fields } from './fields.ts';
import type { DrainingEdit, DrainingTerms, NumberedEntry, ObjectRef } from './log-store.ts';
import { orderFields, parseOrderFields } from './order-row.ts';
import { parseRoutesFields, routesFields } from './routes-row.ts';
import { parseStored, parseStoredCluster, toStored } from './stored-object.ts';

/**
 * JSON that {@link parseEntryRow} reads back. Objects as they are stored; what goes has `"after": null`.
 * stage: `{"edits": {"clusters": [{"name", "after"}], "listeners", "secrets"?}}`, discard: `{"objects": [{"kind", "name"}]}`,
 * commit: `{"revision", "message", "rollback_to"?, "edits", "draining": [{"name", "after": {"until_ms",
 * "was_catch_all", "followed"?, "cluster"?}}], "routes"?}`, order: `{"order", "cluster", "server", "until_ms"?,
 * "message"?}`.
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
    case 'order':
      return JSON.stringify(orderFields(entry));
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
    case 'order':
      return { ...deed, type, ...parseOrderFields(fields) };
    default:
      throw new Error(`type ${JSON.stringify(type)} is none of stage, discard, commit, order`);
  }
}

// Of before there were secrets, and when there are none of them, nothing is said of secrets.
function editsFields(edits: Edits): object {
  const fields = objectKinds.map((kind) => {
    const list = edits[listOfKind[kind]].map(({ name, after }) => {
      return { name, after: after === undefined ? null : toStored(kind, after) };
    });
    return [listOfKind[kind], kind === 'secret' && list.length === 0 ? undefined : list];
  });
  return Object.fromEntries(fields) as object;
}

function parseEdits(value: unknown): Edits {
  const fields = parseObject(value);
  return toEdits(
    objectKinds.flatMap((kind): ObjectEdit[] => {
      const list = listOfKind[kind];
      const edits = kind === 'secret' ? (fields[list] ?? []) : fields[list];
      return parseList(list, edits).map((edit) => ({ kind, ...parseEdit(edit, parseStored[kind]) }));
    }),
  );
}

/** Null: it is to go. */
function parseEdit<T>(value: unknown, parse: (name: string, after: unknown) => T) {
  const { name: text, after } = parseObject(value);
  const name = parseText('name', text);
  return { name, after: after === null ? undefined : parse(name, after) };
}

function drainingFields({ name, after }: DrainingEdit): object {
  if (after === undefined) return { name, after: null };
  const { untilMs, wasCatchAll, followed } = after;
  const cluster = after.cluster && toStored('cluster', after.cluster);
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
