// Looks at a server that is drained until what Envoys had asked it before is answered.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Desk, ServerRef } from '../../commit/desk.ts';
import { formatAddress, isServerName, parseAddress } from '../../net/address.ts';
import { parseIpAddress } from '../../net/ip-address.ts';
import type { ConnectionsLook, ConnectionsWatch } from '../../watch/connections.ts';
import { serversOf } from '../../watch/declared-servers.ts';
import type { DeclaredServer } from '../../watch/declared-servers.ts';
import { hostsOfEnvoys, judgeDrained } from '../../watch/drained.ts';
import type { Drained } from '../../watch/drained.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import { createSecretFinder } from './check-secrets.ts';
import { clusterType } from './object-type.ts';
import type { Secrets } from './secrets.ts';

export interface DrainWatchParts {
  readonly desk: Desk;
  readonly hub: StreamHub;
  readonly secrets: Pick<Secrets, 'open'>;
}

export interface DrainWaiting {
  /** By the monotonic clock. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Told after each look how many connections are in use. */
  readonly onLook: (inUse: number) => void;
}

const lookDeadlineMs = 1_000;
const pauseMs = 100;

interface Watched {
  readonly watch: ConnectionsWatch;
  /** Of Envoys that it was connected with before; undefined: of none that is known. */
  readonly hosts: ReadonlySet<string> | undefined;
}

export class DrainWatch {
  readonly #watched: readonly Watched[];
  readonly #problem: string | undefined;

  private constructor(watched: readonly Watched[], problem: string | undefined) {
    this.#watched = watched;
    this.#problem = problem;
  }

  /** Before it is taken from Envoys, so that it can be seen who they are to it. */
  static async open(
    { desk, hub, secrets }: DrainWatchParts,
    { cluster: name, server }: ServerRef,
  ): Promise<DrainWatch> {
    const cluster = clusterType.get(desk.declarations, 'committed', name);
    const findSecret = createSecretFinder(desk.declarations, 'committed', [], secrets.open);
    const declared = cluster === undefined ? [] : serversOf([cluster], findSecret);
    const found = declared.find((each) => formatAddress(each) === server);
    if (found === undefined) return new DrainWatch([], 'the server is not committed');
    const { port, credentials, secretProblem, tls } = found;
    if (secretProblem !== undefined) return new DrainWatch([], secretProblem);
    if (tls !== undefined && 'problem' in tls) return new DrainWatch([], tls.problem);
    // Brings the client for Redis, which nothing else needs.
    const { ConnectionsWatch: Watch } = await import('../../watch/connections.ts');
    const peers = Array.from(hub.streams, ({ peer }) => hostOf(peer)).filter((host) => host !== undefined);
    const watched = findAddresses(desk, found).map(async (host): Promise<Watched> => {
      const watch = new Watch({ host, port, tls: tls?.options, credentials }, lookDeadlineMs);
      return { watch, hosts: findHosts(peers, await watch.look()) };
    });
    return new DrainWatch(await Promise.all(watched), undefined);
  }

  /** Resolves when all is answered, when that can't be seen, when the time is up or when it is aborted. */
  async wait({ deadlineMs, signal, onLook }: DrainWaiting): Promise<Drained> {
    if (this.#problem !== undefined) return { state: 'unknown', detail: this.#problem };
    for (;;) {
      // Threads of Envoy take what it has answered to a moment later.
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      const looks = this.#watched.map(async ({ watch, hosts }) => judgeDrained(await watch.look(), hosts));
      const seen = join(await Promise.all(looks));
      if (seen.state !== 'no') return seen;
      onLook(seen.inUse);
      if (performance.now() >= deadlineMs || signal.aborted) return seen;
    }
  }

  close(): void {
    for (const { watch } of this.#watched) watch.close();
  }
}

// A name that is looked up here stands for all its addresses.
function findAddresses(desk: Desk, { host }: DeclaredServer): readonly string[] {
  if (!isServerName(host)) return [host];
  const known = desk.hostNames().find(({ name }) => name === host)?.addresses ?? [];
  return known.length === 0 ? [host] : known;
}

function findHosts(peers: readonly string[], look: ConnectionsLook): ReadonlySet<string> | undefined {
  if ('trouble' in look) return undefined;
  const hosts = hostsOfEnvoys(peers, look);
  return look.connections.some(({ host }) => hosts.has(host)) ? hosts : undefined;
}

/** @param peer as `10.0.0.7:51312` or `[::1]:51312`. */
function hostOf(peer: string): string | undefined {
  try {
    return parseIpAddress(parseAddress(peer).host);
  } catch {
    return undefined;
  }
}

function join(all: readonly Drained[]): Drained {
  const open = all.filter((each) => each.state === 'no');
  if (open.length === 0) return all.find((each) => each.state === 'unknown') ?? { state: 'yes' };
  const inUse = open.reduce((sum, each) => sum + each.inUse, 0);
  return { state: 'no', inUse, detail: open.map(({ detail }) => detail).join('; ') };
}
