// A group of servers as a promotion sees it, in memory: who is primary, who follows, what each has; with clients that
// write wherever Envoys send them, and Envoys that take what is published when they are waited for.

import { ActError } from '../../src/failover/acts.ts';
import type { Acts } from '../../src/failover/acts.ts';
import type { Standing } from '../../src/failover/standing.ts';

export interface SimulatedServer {
  role: 'primary' | 'replica';
  follows: string | undefined;
  isThere: boolean;
  isPaused: boolean;
  /** As the primary it tells nothing. */
  isMute: boolean;
  /** It refuses to follow anybody. */
  isStubborn: boolean;
  /** What was written, oldest first. */
  writes: readonly number[];
  history: string;
}

/** What becomes of an act: it is done; it is not; it is done, and nobody hears of it. */
export type Fate = 'done' | 'refused' | 'unheard';

export const names = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'] as const;
const [first] = names;

export class SimulatedGroup {
  readonly servers: Map<string, SimulatedServer>;
  /** Who is published as the primary. */
  published: () => string | undefined = () => first;
  /** When Envoys are waited for. */
  onTake: () => void = () => undefined;
  readonly acknowledged: number[] = [];
  readonly #fates: Iterator<Fate>;
  readonly #looks: Iterator<boolean>;
  #lookCount = 0;
  #taken: string | undefined = first;

  /** @param fates of the acts, in their order. @param looks whether each look sees anything. */
  constructor(fates: Iterator<Fate>, looks: Iterator<boolean>) {
    this.#fates = fates;
    this.#looks = looks;
    this.servers = new Map(names.map((name): [string, SimulatedServer] => {
      const role = name === first ? 'primary' : 'replica';
      const follows = role === 'primary' ? undefined : first;
      return [name, { role, follows, isThere: true, isPaused: false, isMute: false, isStubborn: false, writes: [], history: 'h1' }];
    }));
  }

  at(name: string): SimulatedServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  /** Every Envoy takes what is published. */
  take(): void {
    this.onTake();
    this.#taken = this.published();
  }

  /** Some Envoys have it, others not yet. */
  write(): void {
    for (const name of new Set([this.#taken, this.published()])) {
      const server = name === undefined ? undefined : this.at(name);
      if (server === undefined || !server.isThere || server.role !== 'primary' || server.isPaused) continue;
      const id = this.acknowledged.length;
      server.writes = [...server.writes, id];
      this.acknowledged.push(id);
    }
  }

  replicate(): void {
    for (const server of this.servers.values()) {
      const primary = server.follows === undefined ? undefined : this.servers.get(server.follows);
      if (!server.isThere || server.role !== 'replica' || primary?.isThere !== true || primary.role !== 'primary') continue;
      server.writes = primary.writes;
      server.history = primary.history;
    }
  }

  acts(): Acts {
    const act = async (name: string, change: (server: SimulatedServer) => void): Promise<void> => {
      this.write();
      const fate = this.#fates.next().value as Fate | undefined;
      const server = this.at(name);
      if (!server.isThere) throw new ActError('refused: nobody listens there');
      if (fate === 'refused') throw new ActError('NOPERM');
      change(server);
      this.write();
      if (fate === 'unheard') throw new ActError('no answer');
    };
    return {
      look: async (name) => {
        this.write();
        const server = this.at(name);
        const isMute = server.isMute && server.role === 'primary';
        const isSeen = server.isThere && !isMute && this.#looks.next().value !== false;
        const standing = isSeen ? this.#standingOf(name, server) : { problem: 'refused: nobody listens there' };
        // What was written comes to the others later.
        this.#lookCount += 1;
        if (this.#lookCount % 5 === 0) this.replicate();
        return standing;
      },
      pauseWrites: (name) => act(name, (server) => (server.isPaused = true)),
      unpause: (name) => act(name, (server) => (server.isPaused = false)),
      killClients: (name) => act(name, () => undefined),
      promote: (name) => act(name, (server) => {
        if (server.role === 'primary') return;
        Object.assign(server, { role: 'primary', follows: undefined, history: `${server.history}'` });
      }),
      follow: (name, primary) => act(name, (server) => {
        if (server.isStubborn) throw new ActError('NOPERM');
        Object.assign(server, { role: 'replica', follows: primary });
        this.replicate();
      }),
      // As Dragonfly: when the replica has all, its primary ends.
      takeOver: (name) => act(name, (server) => {
        const primary = this.servers.get(server.follows ?? '');
        if (primary === undefined) return;
        server.writes = primary.writes;
        primary.isThere = false;
        Object.assign(server, { role: 'primary', follows: undefined });
      }),
      findSentinels: async () => undefined,
      failOver: () => Promise.reject(new ActError('no Sentinels')),
      close: () => undefined,
    };
  }

  #standingOf(address: string, { role, follows, writes, history }: SimulatedServer): Standing {
    const primary = follows === undefined ? undefined : this.servers.get(follows);
    const isUp = primary?.isThere === true && primary.role === 'primary';
    return {
      ...{ address, role, follows },
      product: 'redis',
      history: { id: history, offset: 1_000 + 100 * writes.length, former: { id: history.slice(0, -1), end: 1e9 } },
      link: role === 'replica' ? (isUp ? 'up' : 'down') : undefined,
      silentMs: undefined,
      linkDownMs: role === 'replica' && !isUp ? 1_000 : undefined,
      isLoading: false,
      isSyncing: false,
      priority: 100,
      keys: writes.length,
    };
  }
}
