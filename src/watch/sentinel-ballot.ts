// What the events of one Sentinel say of elections: whom it voted for, and whom it is about to promote as the leader.

import type { SeenSentinel, SentinelVote } from '../effective/seen.ts';
import { readSelected, readVote } from './sentinel-answers.ts';
import type { Dialed, SentinelMessage } from './sentinel-answers.ts';

// One that watches many groups votes once for each, when they all lose their primaries.
const maxVotes = 1_000;

// A leader that was elected promotes within seconds, and what it has done is seen in what Sentinels answer then.
const longestSelectionMs = 10_000;

export class Ballot {
  readonly #dialed: Dialed;
  readonly #ownId: () => string | undefined;
  readonly #onChange: () => void;
  #votes: readonly SentinelVote[] = [];
  #selected: SeenSentinel['selected'];
  /** The epoch in which it is a candidate in this group; `next`: that of its next vote. */
  #candidacy: number | 'next' | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param ownId the run ID of the Sentinel. @param onChange told when there is something else to know. */
  constructor(dialed: Dialed, ownId: () => string | undefined, onChange: () => void) {
    this.#dialed = dialed;
    this.#ownId = ownId;
    this.#onChange = onChange;
  }

  get votes(): readonly SentinelVote[] {
    return this.#votes;
  }

  get selected(): SeenSentinel['selected'] {
    return this.#selected;
  }

  /** In the order in which they are told; of this group, or of none. */
  note(message: SentinelMessage): void {
    const vote = readVote(message);
    if (vote !== undefined) return this.#noteVote(vote);
    const server = readSelected(message, this.#dialed);
    if (server !== undefined && typeof this.#candidacy === 'number') {
      return this.#select({ server, epoch: this.#candidacy });
    }
    if (message.event === '+try-failover') this.#candidacy = 'next';
    // It was elected no more, has given up, or is done.
    if (endsSelection.test(message.event)) this.#select(undefined);
  }

  /** Safe to repeat. */
  close(): void {
    clearTimeout(this.#timer);
  }

  // No event says which group a vote is for. Who tries a failover votes at once, for itself unless it was too late.
  #noteVote(vote: SentinelVote): void {
    this.#votes = [...this.#votes.slice(1 - maxVotes), vote];
    if (this.#candidacy === 'next') this.#candidacy = vote.leader === this.#ownId() ? vote.epoch : undefined;
    this.#onChange();
  }

  #select(selected: SeenSentinel['selected']): void {
    clearTimeout(this.#timer);
    if (selected !== undefined) this.#timer = setTimeout(() => this.#select(undefined), longestSelectionMs).unref();
    if (selected === this.#selected) return;
    this.#selected = selected;
    this.#onChange();
  }
}

const endsSelection = /^(?:\+try-failover|-failover-abort-.*|\+failover-end(?:-for-timeout)?|\+reset-master)$/u;
