// A cluster or listener that was stored, as the model has it: checked as it is read, since what it says is published.

import type { Cluster, Listener } from '../model/objects.ts';
import { parseCluster, parseListener } from '../model/parse.ts';
import { parseJson, parseObject } from './fields.ts';
import type { Fields } from './fields.ts';
import type { ObjectRef } from './log-store.ts';
import type { StoredObject } from './objects.ts';
import { parseV1Cluster } from './v1-cluster.ts';

/** Reads what contentOf wrote. Throws an Error that says in one line what is wrong with it. */
export function parseContent({ kind, name }: ObjectRef, content: unknown): StoredObject {
  const value = parseJson(content);
  return kind === 'cluster' ? parseStoredCluster(name, value) : parseStoredListener(name, value);
}

/** As {@link parseContent}, of a value that JSON gave. */
export function parseStoredCluster(name: string, value: unknown): Cluster {
  requireName(name, value);
  return tryV1(parseObject(value)) ?? parseCluster(value);
}

/** As {@link parseContent}, of a value that JSON gave. */
export function parseStoredListener(name: string, value: unknown): Listener {
  requireName(name, value);
  return parseListener(value);
}

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
