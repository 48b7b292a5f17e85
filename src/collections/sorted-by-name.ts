// A map from names to values that have names, in order of name, immutable. It is cut into runs of neighbours: one changed
// value of 10,000 costs a copy of its run, and maps that are much alike share the rest.

interface Named {
  readonly name: string;
}

type Change<Value> = readonly [name: string, after: Value | undefined];

// A longer run is cut in two. Short enough to copy with each change, long enough for a run to be found among few.
const maxRunLength = 128;

/** Iterates in order of name, by code unit. */
export class SortedByName<Value extends Named> implements ReadonlyMap<string, Value> {
  readonly size: number;
  // None is empty. They are not joined again when they get shorter: a search among more of them is hardly slower.
  readonly #runs: readonly Run<Value>[];

  private constructor(runs: readonly Run<Value>[]) {
    this.#runs = runs;
    this.size = runs.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** @param values in any order, each name once. */
  static of<Value extends Named>(values: Iterable<Value>): SortedByName<Value> {
    return new SortedByName(toRuns([...values].sort(byName)));
  }

  /** All values in order, in lists that are the same object in maps which share them. */
  get runs(): readonly (readonly Value[])[] {
    return this.#runs.map(({ values }) => values);
  }

  get(name: string): Value | undefined {
    return this.#runs[this.#indexFor(name)]?.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *keys(): MapIterator<string> {
    for (const { name } of this.values()) yield name;
  }

  *values(): MapIterator<Value> {
    for (const { values } of this.#runs) for (const value of values) yield value;
  }

  *entries(): MapIterator<[string, Value]> {
    for (const value of this.values()) yield [value.name, value];
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, name: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const value of this.values()) callback(value, value.name, this);
  }

  /** The state after `changes`; undefined removes. It shares all runs in which nothing changes. */
  with(changes: Iterable<Change<Value>>): SortedByName<Value> {
    const changesByRun = new Map<number, Change<Value>[]>();
    for (const change of changes) {
      const index = this.#indexFor(change[0]);
      const known = changesByRun.get(index);
      if (known === undefined) changesByRun.set(index, [change]);
      else known.push(change);
    }
    if (this.#runs.length === 0) {
      const last = new Map(changesByRun.get(0));
      return SortedByName.of([...last.values()].filter((value) => value !== undefined));
    }
    return new SortedByName(
      this.#runs.flatMap((run, index) => {
        const own = changesByRun.get(index);
        return own === undefined ? run : run.with(own);
      }),
    );
  }

  /** The same map, which shares with `other` all runs in which they do not differ. */
  sharing(other: SortedByName<Value>): SortedByName<Value> {
    return other.with(this.namesUnlike(other).map((name) => [name, this.get(name)] as const));
  }

  /** The names under which one has a value that the other has not, in no order; what both share costs nothing. */
  namesUnlike(other: SortedByName<Value>): string[] {
    const shared = new Set(this.#runs).intersection(new Set(other.#runs));
    const names = new Set<string>();
    for (const [here, there] of [[this, other], [other, this]] as const) {
      for (const run of here.#runs) {
        if (shared.has(run)) continue;
        for (const value of run.values) if (there.get(value.name) !== value) names.add(value.name);
      }
    }
    return [...names];
  }

  // Of the run that has the name, if any has.
  #indexFor(name: string): number {
    let [low, high] = [0, this.#runs.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle] as Run<Value>).firstName <= name) low = middle;
      else high = middle;
    }
    return low;
  }
}

class Run<Value extends Named> {
  readonly values: readonly Value[];
  readonly firstName: string;
  readonly #slotByName: ReadonlyMap<string, number>;

  /** @param values at least one, sorted. */
  constructor(values: readonly Value[]) {
    this.values = values;
    this.firstName = (values[0] as Value).name;
    this.#slotByName = new Map(values.map(({ name }, slot) => [name, slot]));
  }

  get(name: string): Value | undefined {
    const slot = this.#slotByName.get(name);
    return slot === undefined ? undefined : this.values[slot];
  }

  with(changes: readonly Change<Value>[]): readonly Run<Value>[] {
    const values: (Value | undefined)[] = this.values.slice();
    const added = new Map<string, Value | undefined>();
    for (const [name, after] of changes) {
      const slot = this.#slotByName.get(name);
      if (slot === undefined) added.set(name, after);
      else values[slot] = after;
    }
    const left = values.filter((value) => value !== undefined);
    const come = [...added.values()].filter((value) => value !== undefined);
    return toRuns(come.length === 0 ? left : [...left, ...come].sort(byName));
  }
}

function toRuns<Value extends Named>(sorted: readonly Value[]): readonly Run<Value>[] {
  if (sorted.length <= maxRunLength) return sorted.length === 0 ? [] : [new Run(sorted)];
  const runs: Run<Value>[] = [];
  // Half full: what is added next does not cut them again.
  for (let start = 0; start < sorted.length; start += maxRunLength / 2) {
    runs.push(new Run(sorted.slice(start, start + maxRunLength / 2)));
  }
  return runs;
}

function byName(a: Named, b: Named): number {
  return a.name < b.name ? -1 : 1;
}
