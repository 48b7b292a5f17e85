// An object as it is stored, and back: checked as it is read, since what it says is published. Of a cluster it is told
// that it is watched, and not that it is not: what releases stored that could not watch stays as it was.

import type { Cluster, Listener, ObjectKind, Secret } from '../model/objects.ts';
import { parseCluster, parseListener, parseSealedSecret } from '../model/parse.ts';
import { parseJson, parseObject } from './fields.ts';
import type { Fields } from './fields.ts';
import type { ObjectRef } from './log-store.ts';
import type { StoredObject } from './objects.ts';
import { parseV1Cluster } from './v1-cluster.ts';

/** What {@link parseStored} reads: the object, as JSON has it. */
export function toStored(kind: ObjectKind, object: StoredObject): object {
  if (kind !== 'cluster') return object;
  const { watch = 'on', ...cluster } = object as Cluster;
  return watch === 'off' ? cluster : { ...cluster, watch };
}

/** The same as text, which is the same for equal objects. */
export function storedTextOf(kind: ObjectKind, object: StoredObject): string {
  return JSON.stringify(toStored(kind, object));
}

/** Reads what {@link storedTextOf} wrote. Throws an Error that says in one line what is wrong with it. */
export function parseContent({ kind, name }: ObjectRef, content: unknown): StoredObject {
  return parseStored[kind](name, parseJson(content));
}

/** As {@link parseContent}, of a value that JSON gave. */
export function parseStoredCluster(name: string, value: unknown): Cluster {
  requireName(name, value);
  const stored = parseObject(value);
  const { watch = 'off', ...cluster } = stored;
  return tryV1(stored) ?? parseCluster(watch === 'on' ? cluster : { ...cluster, watch });
}

/** As {@link parseContent}, of a value that JSON gave. */
export function parseStoredListener(name: string, value: unknown): Listener {
  requireName(name, value);
  return parseListener(value);
}

/** As {@link parseContent}, of a value that JSON gave. */
export function parseStoredSecret(name: string, value: unknown): Secret {
  requireName(name, value);
  return parseSealedSecret(value);
}

/** As {@link parseContent}, of a value that JSON gave. */
export const parseStored: Readonly<Record<ObjectKind, (name: string, value: unknown) => StoredObject>> = {
  cluster: parseStoredCluster,
  listener: parseStoredListener,
  secret: parseStoredSecret,
};

// First, since most clusters are such, and the model takes ten times as long.
function tryV1(value: Fields): Cluster | undefined {
  try {
    return parseV1Cluster(value);
  } catch {
    return undefined;
  }
}

function requireName(name: string, value: unknown): void {
  if (parseObject(value)['name'] !== name) throw new Error('its content has another name');
}
