// What is kept of promotions: written down before anything is done, and what it makes of the clusters.

import type { Topologies, Topology } from '../effective/topology.ts';
import type { Strays } from './follow.ts';
import { endedAtMsOf, formatKept, isOver, nothingKept, parseKept, withRecord } from './record.ts';
import type { KeptPromotions, PromotionRecord } from './record.ts';
import { topologyOf } from './topology-of.ts';

export interface PromotionBookParts {
  /** Keeps the text durably (undefined: none), calls `apply`, and has published what follows when it resolves. */
  readonly keep: (cluster: string, text: string | undefined, apply: () => void) => Promise<void>;
  /** Its servers as they are declared, ADDRESS:PORT, in order; undefined: there is no such cluster. */
  readonly serversOf: (cluster: string) => readonly string[] | undefined;
  readonly wallMs: () => number;
}

/** What was kept can't be read; `message` is one line for an operator. */
export class KeptPromotionsError extends Error {
  override readonly name = 'KeptPromotionsError';
}

export class PromotionBook {
  readonly #parts: PromotionBookParts;
  readonly #kept = new Map<string, KeptPromotions>();
  #dictated: Topologies = new Map();
  #strays: Strays = new Map();
  #last: Promise<unknown> = Promise.resolve();

  /** @param texts of before the start, by cluster. @throws KeptPromotionsError for one that can't be read. */
  constructor(parts: PromotionBookParts, texts: ReadonlyMap<string, string>) {
    this.#parts = parts;
    for (const [cluster, text] of texts) this.#kept.set(cluster, read(cluster, text));
    this.#refresh();
  }

  /** Of all that are under way: who is routed to; another map after each change. */
  get dictated(): Topologies {
    return this.#dictated;
  }

  /** Servers that were left behind; another map after each change. */
  get strays(): Strays {
    return this.#strays;
  }

  /** By cluster, in order of name. */
  all(): ReadonlyMap<string, KeptPromotions> {
    return new Map([...this.#kept].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  of(cluster: string): KeptPromotions {
    return this.#kept.get(cluster) ?? nothingKept;
  }

  lastOf(cluster: string): PromotionRecord | undefined {
    return this.of(cluster).records.at(-1);
  }

  pendingOf(cluster: string): readonly string[] {
    return this.lastOf(cluster)?.pending ?? [];
  }

  /** Until when nothing is promoted by itself (Unix, ms); undefined: it may be. */
  cooldownUntilMs(cluster: string, cooldownMs: number): number | undefined {
    const last = this.of(cluster).records.findLast(startsCooldown);
    const endedAtMs = last && endedAtMsOf(last);
    if (endedAtMs === undefined || last?.acknowledgedBy !== undefined) return undefined;
    const untilMs = endedAtMs + cooldownMs;
    return untilMs > this.#parts.wallMs() ? untilMs : undefined;
  }

  /** In place of the last one if it is the same promotion, else after it. */
  async keepRecord(record: PromotionRecord): Promise<void> {
    await this.#change(record.cluster, (kept) => withRecord(kept, record));
  }

  /** Who is left behind still by the last one. */
  async keepPending(cluster: string, pending: readonly string[]): Promise<void> {
    await this.#change(cluster, (kept) => {
      const last = kept.records.at(-1);
      return last && withRecord(kept, { ...last, pending });
    });
  }

  /** Nothing is promoted by itself until it is resumed. False: it was so already. */
  pause(cluster: string, by: string): Promise<boolean> {
    return this.#change(cluster, (kept) => {
      return kept.paused === undefined ? { ...kept, paused: { by, atMs: this.#parts.wallMs() } } : undefined;
    });
  }

  /** False: it was not paused. */
  resume(cluster: string): Promise<boolean> {
    return this.#change(cluster, ({ paused, ...kept }) => (paused === undefined ? undefined : kept));
  }

  /** Ends the cool-down. False: there was none to end. */
  acknowledge(cluster: string, by: string): Promise<boolean> {
    return this.#change(cluster, (kept) => {
      const last = kept.records.findLast(startsCooldown);
      if (last === undefined || last.acknowledgedBy !== undefined) return undefined;
      return { ...kept, records: kept.records.map((each) => (each === last ? { ...each, acknowledgedBy: by } : each)) };
    });
  }

  /** All that is kept of a cluster that is gone: one made anew by its name is another one. False: it is there. */
  forget(cluster: string): Promise<boolean> {
    return this.#change(cluster, () => (this.#parts.serversOf(cluster) === undefined ? nothingKept : undefined));
  }

  #refresh(): void {
    const last = Array.from(this.#kept, ([name, { records }]) => [name, records.at(-1)] as const);
    this.#dictated = new Map(last.flatMap(([name, record]): [string, Topology][] => {
      const servers = record && !isOver(record) ? this.#parts.serversOf(name) : undefined;
      const topology = record && servers && topologyOf(record, servers);
      return topology === undefined ? [] : [[name, topology]];
    }));
    this.#strays = new Map(last.flatMap(([name, record]) => {
      return record === undefined || record.pending.length === 0 ? [] : [[name, new Set(record.pending)] as const];
    }));
  }

  /** One after the other, of what there is then. False: `make` has made nothing of it, and nothing has changed. */
  #change(cluster: string, make: (kept: KeptPromotions) => KeptPromotions | undefined): Promise<boolean> {
    const turn = this.#last.then(async () => {
      const kept = make(this.of(cluster));
      if (kept === undefined) return false;
      const isNothing = kept === nothingKept;
      await this.#parts.keep(cluster, isNothing ? undefined : formatKept(kept), () => {
        if (isNothing) this.#kept.delete(cluster);
        else this.#kept.set(cluster, kept);
        this.#refresh();
      });
      return true;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Where somebody was promoted by itself, or may have been, a human looks before it is done again. */
function startsCooldown({ kind, steps }: PromotionRecord): boolean {
  return kind === 'failover' && steps.some(({ step }) => step === 'promoting');
}

function read(cluster: string, text: string): KeptPromotions {
  try {
    return parseKept(text);
  } catch (error) {
    const reason = (error as Error).message;
    const what = `cluster ${JSON.stringify(cluster)}: what is kept of its promotions can't be read`;
    throw new KeptPromotionsError(`${what}: ${reason}`, { cause: error });
  }
}
