// What is seen and decided by it, kept for the next start: only what has changed is written, beside the log.

import { compareAddresses } from '../effective/addresses.ts';
import type { Addresses } from '../effective/addresses.ts';
import { compareOutages } from '../effective/health-step.ts';
import type { Outages } from '../effective/verdicts-by-cluster.ts';
import { compareFollowings, followingsFrom } from '../failover/following.ts';
import type { Followings } from '../failover/following.ts';
import { compareKnownClusters, knownClustersFrom } from '../failover/known-clusters.ts';
import type { KnownClusters } from '../failover/known-clusters.ts';
import type { LogState, LogStore } from '../store/log-store.ts';

type Store = Pick<LogStore, 'keepAddresses' | 'keepNotes' | 'keepOutages'>;

/** Each call rejects with StoreError, and is tried again with the next one. */
export class KeptSeen {
  readonly #store: Store;
  #addresses: Addresses;
  #outages: Outages;
  #followings: Followings;
  #redisClusters: KnownClusters;

  constructor(store: Store, { addresses, outages, notes = new Map() }: LogState) {
    this.#store = store;
    this.#addresses = addresses ?? new Map();
    this.#outages = outages ?? new Map();
    this.#followings = followingsFrom(notes);
    this.#redisClusters = knownClustersFrom(notes);
  }

  /** As it is on disk. */
  get followings(): Followings {
    return this.#followings;
  }

  /** As they are on disk. */
  get redisClusters(): KnownClusters {
    return this.#redisClusters;
  }

  async keepAddresses(addresses: Addresses): Promise<void> {
    const changes = compareAddresses(this.#addresses, addresses);
    if (changes.size > 0) await this.#store.keepAddresses(changes);
    this.#addresses = addresses;
  }

  async keepOutages(outages: Outages): Promise<void> {
    const changes = compareOutages(this.#outages, outages);
    if (changes.size > 0) await this.#store.keepOutages(changes);
    this.#outages = outages;
  }

  async keepFollowed(followings: Followings, redisClusters: KnownClusters): Promise<void> {
    const changes = new Map([
      ...compareFollowings(this.#followings, followings),
      ...compareKnownClusters(this.#redisClusters, redisClusters),
    ]);
    if (changes.size > 0) await this.#store.keepNotes(changes);
    this.#followings = followings;
    this.#redisClusters = redisClusters;
  }
}
