// A map from names to values that have names, in order of name, immutable. One changed value
// of 10,000 costs a copy of an array of pointers, not of a hash table.

interface Named {
  readonly name: string;
}

/** Iterates in order of name, by code unit. */
export class SortedByName<Value extends Named> implements ReadonlyMap<string, Value> {
  // Shared by all states that hold the same names.
  readonly #slotByName: ReadonlyMap<string, number>;
  readonly #slots: readonly Value[];

  private constructor(slotByName: ReadonlyMap<string, number>, slots: readonly Value[]) {
    this.#slotByName = slotByName;
    this.#slots = slots;
  }

  /** @param values in any order, each name once. */
  static of<Value extends Named>(values: Iterable<Value>): SortedByName<Value> {
    const slots = [...values].sort((a, b) => (a.name < b.name ? -1 : 1));
    return new SortedByName(new Map(slots.map(({ name }, slot) => [name, slot])), slots);
  }

  get size(): number {
    return this.#slots.length;
  }

  get(name: string): Value | undefined {
    const slot = this.#slotByName.get(name);
    return slot === undefined ? undefined : this.#slots[slot];
  }

  has(name: string): boolean {
    return this.#slotByName.has(name);
  }

  keys(): MapIterator<string> {
    return this.#slotByName.keys();
  }

  values(): MapIterator<Value> {
    return this.#slots.values();
  }

  *entries(): MapIterator<[string, Value]> {
    for (const value of this.#slots) yield [value.name, value];
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, name: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const value of this.#slots) callback(value, value.name, this);
  }

  /** The state after `changes`; undefined removes. */
  with(changes: Iterable<readonly [name: string, after: Value | undefined]>): SortedByName<Value> {
    const slots = this.#slots.slice();
    const added: Value[] = [];
    const removed = new Set<string>();
    for (const [name, after] of changes) {
      const slot = this.#slotByName.get(name);
      if (after === undefined) removed.add(name);
      else if (slot === undefined) added.push(after);
      else slots[slot] = after;
    }
    if (added.length === 0 && removed.size === 0) return new SortedByName(this.#slotByName, slots);
    return SortedByName.of([...slots.filter(({ name }) => !removed.has(name)), ...added]);
  }
}
