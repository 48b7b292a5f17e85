// What a client refused, in the groups in which it was sent: one bad resource takes
// the good ones of its response with it.

/** What each refused name said; undefined: that there is none. */
export type RefusedGroup = ReadonlyMap<string, string | undefined>;

export class Refusals {
  #groups: Map<string, string | undefined>[] = [];

  add(group: RefusedGroup): void {
    if (group.size > 0) this.#groups.push(new Map(group));
  }

  /** Names that may be sent again together with `names`. */
  togetherWith(names: ReadonlySet<string>): Set<string> {
    const groups = this.#groups.filter((group) => [...names].some((name) => group.has(name)));
    return new Set(groups.flatMap((group) => [...group.keys()]));
  }

  /** To be told of everything that is sent, the refused or something else. */
  noteSent(sent: RefusedGroup): void {
    for (const group of this.#groups) {
      const common = [...group.keys()].filter((name) => sent.has(name));
      if (common.some((name) => sent.get(name) !== group.get(name))) group.clear();
      for (const name of common) group.delete(name);
    }
    this.#groups = this.#groups.filter((group) => group.size > 0);
  }

  /**
   * True when the client may go without `name`, because it refused what there is now: nothing
   * that was refused together with it has changed since.
   * @param isStill tells whether that is all there is to say of a name today.
   */
  excuse(name: string, isStill: (name: string, text: string | undefined) => boolean): boolean {
    return this.#groups.some((group) => group.has(name) && [...group].every(([other, text]) => isStill(other, text)));
  }
}
