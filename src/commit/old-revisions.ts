// What old revisions had, found from what is committed now, backwards.

import type { Edits } from '../inventory/edits.ts';
import type { Config } from '../model/objects.ts';
import type { LogStore } from '../store/log-store.ts';
import { NoRevisionError } from './desk.ts';
import { applyTo } from './staging.ts';
import type { Staging } from './staging.ts';

export class OldRevisions {
  readonly #store: Pick<LogStore, 'editsBackTo'>;
  readonly #staging: Pick<Staging, 'committed' | 'revision'>;

  constructor(store: Pick<LogStore, 'editsBackTo'>, staging: Pick<Staging, 'committed' | 'revision'>) {
    this.#store = store;
    this.#staging = staging;
  }

  /** The one before the newest. @throws NoRevisionError */
  get last(): number {
    const { revision } = this.#staging;
    if (revision >= 2) return revision - 1;
    const why = revision === 0 ? 'nothing was committed yet' : 'revision 1 is the first';
    throw new NoRevisionError(`nothing to roll back to: ${why}`);
  }

  /** From what is committed to what it had. @throws NoRevisionError when it is not kept, or never was. */
  async editsBackTo(revision: number): Promise<Edits> {
    const edits = revision < 1 ? undefined : await this.#store.editsBackTo(revision);
    if (edits === undefined) throw new NoRevisionError(`revision ${revision}: there is none, or it is kept no more`);
    return edits;
  }

  /** Before the first there was nothing. @throws NoRevisionError */
  async contentOf(revision: number): Promise<Config> {
    if (revision === 0) return { clusters: [], listeners: [], secrets: [] };
    return applyTo(this.#staging.committed, await this.editsBackTo(revision));
  }
}
