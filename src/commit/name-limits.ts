// What goes out must be able to come back: an Envoy that connects again names all that it holds, in one request, and
// the xDS server takes so much and no more (docs/adr/0018).

import { maxClusters } from '../model/limits.ts';

const maxNameBytes = 255;

// Half of what a request may name, and of what it may weigh: while a commit waits for its turn on a stream, an Envoy
// may hold what the one before it removed.
const maxRequestBytes = 8 * 1024 * 1024;

// What delta adds to a name: it comes twice, once with a version of 32 digits, and each part has a tag and a length.
const overheadBytes = 48;

/** What the names of some clusters come to, together. */
export interface NameLoad {
  readonly clusters: number;
  /** In the request of an Envoy that holds them all. */
  readonly requestBytes: number;
  /** How many are longer than what is taken. */
  readonly longNames: number;
}

export function loadOf(names: Iterable<string>): NameLoad {
  let [clusters, requestBytes, longNames] = [0, 0, 0];
  for (const name of names) {
    const bytes = Buffer.byteLength(name);
    clusters += 1;
    requestBytes += 2 * bytes + overheadBytes;
    if (bytes > maxNameBytes) longNames += 1;
  }
  return { clusters, requestBytes, longNames };
}

export function addLoads(a: NameLoad, b: NameLoad): NameLoad {
  return combine(a, b, 1);
}

/** @param part of `whole`. */
export function subtractLoad(whole: NameLoad, part: NameLoad): NameLoad {
  return combine(whole, part, -1);
}

/**
 * Reasons, one line each, why clusters of these names can't be added; empty when they can.
 * @param held of what an Envoy may hold: the clusters that are declared or drain.
 */
export function findUnaddable(added: readonly string[], held: NameLoad): string[] {
  if (added.length === 0) return [];
  const long = added.flatMap((name) => {
    const bytes = Buffer.byteLength(name);
    if (bytes <= maxNameBytes) return [];
    return `cluster ${quote(name)}: name has ${bytes} bytes, at most ${maxNameBytes} are taken`;
  });
  return [...long, ...findOverload(addLoads(held, loadOf(added)))];
}

/** What exceeds the limits although nothing of it could be added today, in one line; undefined when nothing does. */
export function describeExcess(held: NameLoad): string | undefined {
  const { longNames } = held;
  const long = longNames === 0 ? [] : [`${longNames} with a name over ${maxNameBytes} bytes`];
  const excess = [...long, ...findOverload(held)].join('; ');
  if (excess === '') return undefined;
  return `clusters of an older release exceed what can be added: ${excess}: Envoys that connect again may be refused`;
}

function findOverload({ clusters, requestBytes }: NameLoad): string[] {
  const problems: string[] = [];
  const what = 'counting those that are replaced or drain';
  if (clusters > maxClusters) problems.push(`${clusters} clusters, ${what}: at most ${maxClusters} are taken`);
  if (requestBytes > maxRequestBytes) {
    problems.push(
      `names of ${clusters} clusters, ${what}, take ${requestBytes} bytes of an Envoy's request: ` +
        `at most ${maxRequestBytes} are taken`,
    );
  }
  return problems;
}

function combine(a: NameLoad, b: NameLoad, sign: 1 | -1): NameLoad {
  return {
    clusters: a.clusters + sign * b.clusters,
    requestBytes: a.requestBytes + sign * b.requestBytes,
    longNames: a.longNames + sign * b.longNames,
  };
}

function quote(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
