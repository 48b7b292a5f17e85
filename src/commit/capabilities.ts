// What Envoys must understand for what is declared to work as it is meant. An Envoy passes over a field that is younger
// than itself without a word (seen with 1.36 and 1.40; its only trace is the statistic server.dynamic_unknown_fields). A
// newer one may refuse what older ones take.

import { serversOf } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Cluster, Listener, RedisRoute } from '../model/objects.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';
import { nameSome } from '../text/name-some.ts';
import type { Finding } from './desk.ts';
import { isFor } from './node-groups.ts';

/** The connected Envoys of one release in one node group. */
export interface Agents {
  readonly group: NodeGroup;
  /** As "1.40.0". */
  readonly version: string;
  readonly ids: readonly string[];
}

type Release = readonly [major: number, minor: number];

/** What not every Envoy has. */
interface Capability {
  /** The first release that has it; undefined: every one that is served had it. */
  readonly since?: Release;
  /** The first release that has it no more; undefined: none is known. */
  readonly until?: Release;
  /** As the operator wrote it. */
  readonly what: string;
  /** What an Envoy without it does. */
  readonly otherwise: string;
  /** Wrong without an error: keys elsewhere, or an open door. Else the fault shows, or costs speed alone. */
  readonly isDangerous: boolean;
  readonly isUsedBy: (object: Cluster | Listener) => boolean;
}

// Envoy gives them itself from then on.
const withPublish: readonly string[] = ['publish', 'spublish'];

// From Envoy's changelogs and its API as it was in each release; credentials were seen to be ignored by 1.36.
const capabilities: readonly Capability[] = [
  {
    since: [1, 23],
    what: 'auth',
    otherwise: 'lets everybody in',
    isDangerous: true,
    isUsedBy: (object) => 'auth' in object && object.auth !== undefined,
  },
  {
    since: [1, 27],
    what: 'key_formatter',
    otherwise: 'reads and writes other keys',
    isDangerous: true,
    isUsedBy: (object) => hasRoute(object, (route) => 'key_formatter' in route),
  },
  {
    since: [1, 27],
    what: 'connection_rate_limit',
    otherwise: 'has no such limit',
    isDangerous: false,
    isUsedBy: (object) => 'connection_rate_limit' in object,
  },
  {
    since: [1, 28],
    what: 'reads',
    otherwise: 'sends reads to the primary too',
    isDangerous: false,
    isUsedBy: (object) => 'reads' in object || hasRoute(object, ({ reads }) => reads !== undefined),
  },
  {
    since: [1, 34],
    what: 'custom_commands',
    otherwise: 'does not know these commands',
    isDangerous: false,
    isUsedBy: (object) => 'custom_commands' in object,
  },
  {
    since: [1, 37],
    what: 'an upstream_auth of its own for an endpoint',
    otherwise: 'sends these servers no password',
    isDangerous: true,
    isUsedBy: (object) => isCluster(object) && serversOf(object).some((server) => 'upstream_auth' in server),
  },
  {
    since: [1, 40],
    what: 'protocol RESP3',
    otherwise: 'speaks RESP2, and refuses HELLO 3',
    isDangerous: false,
    isUsedBy: (object) => 'protocol' in object && object.protocol === 'RESP3',
  },
  {
    until: [1, 41],
    what: `custom_commands ${withPublish.join(', ')}`,
    otherwise: 'refuses the listener',
    isDangerous: true,
    isUsedBy: (object) => 'custom_commands' in object && namesPublish(object.custom_commands ?? []),
  },
];

/** What the edits need that connected Envoys lack. */
export interface Lacking {
  readonly dangerous: readonly Finding[];
  readonly harmless: readonly Finding[];
}

/** @param findAgents asked only when something is needed that there are Envoys without. */
export function findLacking({ clusters, listeners }: Edits, findAgents: () => readonly Agents[]): Lacking {
  const needs = findNeeds([...clusters, ...listeners].flatMap(({ after }) => after ?? []));
  if (needs.length === 0) return { dangerous: [], harmless: [] };
  const agents = findAgents();
  const findingsOf = (isDangerous: boolean): Finding[] => {
    const needed = needs.filter(({ capability }) => capability.isDangerous === isDangerous);
    return describeLacking(needed, agents).map((message) => ({ code: 'old-envoy', message }));
  };
  return { dangerous: findingsOf(true), harmless: findingsOf(false) };
}

/** What is young enough that an Envoy may lack it, and the objects that use it. */
export interface Need {
  readonly capability: Capability;
  readonly users: readonly (Cluster | Listener)[];
}

/** Costs a look at each object. */
export function findNeeds(objects: readonly (Cluster | Listener)[]): Need[] {
  const needs = capabilities.map((capability) => ({ capability, users: objects.filter(capability.isUsedBy) }));
  return needs.filter(({ users }) => users.length > 0);
}

/** False when all have whatever may be declared, as mostly. */
export function areAnyOld(agents: readonly Agents[]): boolean {
  return agents.some(({ version }) => capabilities.some((capability) => lacks(version, capability)));
}

/** One line for each need that some of them lack. */
export function describeLacking(needs: readonly Need[], agents: readonly Agents[]): string[] {
  return needs.flatMap((need) => describe(need, agents) ?? []);
}

function describe(
  { capability, users }: Need,
  agents: readonly Agents[],
): string | undefined {
  const old = agents.filter((each) => lacks(each.version, capability) && users.some((user) => isFor(each.group, user)));
  if (old.length === 0) return undefined;
  const { since, until, what, otherwise } = capability;
  const envoys = old.flatMap(({ ids, version }) => ids.map((id) => `${JSON.stringify(id)} (${version})`));
  const names = users.filter((user) => old.some(({ group }) => isFor(group, user))).map(({ name }) => JSON.stringify(name));
  const which = since === undefined
    ? `is known to Envoys before ${until?.join('.')}, and a newer one ${otherwise}`
    : `needs Envoy ${since.join('.')}, and an older one ${otherwise}`;
  return `${what} of ${nameSome(names)} ${which}: ${nameSome(envoys)}`;
}

function lacks(version: string, { since, until }: Capability): boolean {
  return (since !== undefined && isBefore(version, since)) || (until !== undefined && isFrom(version, until));
}

function namesPublish(commands: readonly string[]): boolean {
  return commands.some((command) => withPublish.includes(command));
}

function isCluster(object: Cluster | Listener): object is Cluster {
  return 'endpoints' in object || 'shards' in object;
}

/** Of a Redis listener, the route of its catch-all among them. */
function hasRoute(object: Cluster | Listener, is: (route: Partial<RedisRoute>) => boolean): boolean {
  if (isCluster(object) || object.kind === 'http' || object.kind === 'tcp') return false;
  const { routes, catch_all: catchAll } = object;
  return (typeof routes === 'object' && routes.some(is)) || (typeof catchAll === 'object' && is(catchAll));
}

// Of a release that can't be read nothing is said: neither holds.
function isBefore(version: string, release: Release): boolean {
  return (compareRelease(version, release) ?? 0) < 0;
}

function isFrom(version: string, release: Release): boolean {
  return (compareRelease(version, release) ?? -1) >= 0;
}

function compareRelease(version: string, [major, minor]: Release): number | undefined {
  const [, first, second] = /^(\d+)\.(\d+)\./u.exec(version) ?? [];
  if (first === undefined || second === undefined) return undefined;
  return Number(first) - major || Number(second) - minor;
}
