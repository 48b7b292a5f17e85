// Sets of names, immutable and interned, that step from one to the next at the cost of what changes.

import { randomInt } from 'node:crypto';

import { WeakTable } from './weak-table.ts';

// A set that differs from its base in more names than these gets a base of its own.
const maxOverlay = 256;

const none: ReadonlySet<string> = new Set();

/** Names in no order, each once. Made by {@link NameSetTable}; compare by identity. */
export class NameSet implements Iterable<string> {
  // What sets that stepped from one another share.
  readonly #base: ReadonlySet<string>;
  // Not in the base.
  readonly #added: ReadonlySet<string>;
  // In the base.
  readonly #dropped: ReadonlySet<string>;
  readonly #tally: Tally;
  // The same names over the base of the sets before.
  readonly #former: NameSet | undefined;

  private constructor(
    base: ReadonlySet<string>,
    added: ReadonlySet<string>,
    dropped: ReadonlySet<string>,
    tally: Tally,
    former?: NameSet,
  ) {
    this.#base = base;
    this.#added = added;
    this.#dropped = dropped;
    this.#tally = tally;
    this.#former = former;
  }

  /** @param names owned by the set from now on: must not change. */
  static of(names: ReadonlySet<string>): NameSet {
    const tally = new Tally();
    for (const name of names) tally.add(name);
    return new NameSet(names, none, none, tally);
  }

  get size(): number {
    return this.#tally.size;
  }

  /** The length of all names together, in UTF-16 code units. */
  get length(): number {
    return this.#tally.length;
  }

  /** Equal for equal sets, and for others that have to be told apart by {@link isSameAs}. */
  get key(): string {
    return this.#tally.key;
  }

  has(name: string): boolean {
    if (this.#base.has(name)) return this.#dropped.size === 0 || !this.#dropped.has(name);
    return this.#added.size > 0 && this.#added.has(name);
  }

  *[Symbol.iterator](): Iterator<string> {
    if (this.#dropped.size === 0) yield* this.#base;
    else for (const name of this.#base) if (!this.#dropped.has(name)) yield name;
    yield* this.#added;
  }

  /** The set with `added` and without `dropped`; a name in both is not in it. This set when that changes nothing. */
  step(added: Iterable<string>, dropped: Iterable<string>): NameSet {
    const overlay = { added: new Set(this.#added), dropped: new Set(this.#dropped), tally: this.#tally.copy() };
    let isSame = true;
    for (const name of added) if (this.#add(name, overlay)) isSame = false;
    for (const name of dropped) if (this.#drop(name, overlay)) isSame = false;
    return isSame ? this : new NameSet(this.#base, overlay.added, overlay.dropped, overlay.tally);
  }

  /** The same names, with a base of their own when they differ from their base in many. */
  settled(): NameSet {
    if (this.#added.size + this.#dropped.size <= maxOverlay) return this;
    return new NameSet(new Set(this), none, none, this.#tally, this);
  }

  /** The same names over the base of `other`, when they differ from it in few; else undefined. */
  overBaseOf(other: NameSet): NameSet | undefined {
    const base = other.#base;
    const few = Math.min(maxOverlay, this.size / 4);
    const added = new Set<string>();
    for (const name of this) {
      if (!base.has(name)) added.add(name);
      if (added.size > few) return undefined;
    }
    const droppedCount = base.size - (this.size - added.size);
    if (added.size + droppedCount > few) return undefined;
    const dropped = droppedCount === 0 ? none : new Set([...base].filter((name) => !this.has(name)));
    return new NameSet(base, added, dropped, this.#tally);
  }

  isSameAs(other: NameSet): boolean {
    if (this === other) return true;
    if (this.size !== other.size) return false;
    const changed = this.changedSince(other);
    if (changed !== undefined) return changed.length === 0;
    for (const name of other) if (!this.has(name)) return false;
    return true;
  }

  /** The names that only one of the two has, when that is known without comparing them; else undefined. */
  changedSince(before: NameSet): readonly string[] | undefined {
    if (this === before) return [];
    const sameBase = this.#over(before.#base);
    if (sameBase === undefined) return undefined;
    const added = sameBase.#added.symmetricDifference(before.#added);
    return [...added, ...sameBase.#dropped.symmetricDifference(before.#dropped)];
  }

  #over(base: ReadonlySet<string>): NameSet | undefined {
    if (this.#base === base) return this;
    return this.#former !== undefined && this.#former.#base === base ? this.#former : undefined;
  }

  #add(name: string, { added, dropped, tally }: Overlay): boolean {
    if (added.has(name) || (this.#base.has(name) && !dropped.has(name))) return false;
    if (!dropped.delete(name)) added.add(name);
    tally.add(name);
    return true;
  }

  #drop(name: string, { added, dropped, tally }: Overlay): boolean {
    if (!added.delete(name)) {
      if (!this.#base.has(name) || dropped.has(name)) return false;
      dropped.add(name);
    }
    tally.remove(name);
    return true;
  }
}

/** Hands out one NameSet per distinct content, for as long as somebody holds it. */
export class NameSetTable {
  readonly #table = new WeakTable<NameSet>();
  // Whoever comes next may want much the same, as the Envoys of another node group do.
  #latest: WeakRef<NameSet> | undefined;

  /** @param names in any order, repeats allowed. */
  intern(names: Iterable<string>): NameSet {
    return this.#share(NameSet.of(new Set(names)), (fresh) => this.#nearLatest(fresh));
  }

  /** As {@link NameSet.step}. */
  step(before: NameSet, added: Iterable<string>, dropped: Iterable<string>): NameSet {
    const after = before.step(added, dropped);
    return after === before ? before : this.#share(after, () => after.settled());
  }

  #share(names: NameSet, make: (names: NameSet) => NameSet): NameSet {
    return this.#table.intern(
      names.key,
      () => make(names),
      (known) => known.isSameAs(names),
    );
  }

  #nearLatest(names: NameSet): NameSet {
    const latest = this.#latest?.deref();
    const near = (latest && names.overBaseOf(latest)) ?? names;
    this.#latest = new WeakRef(near);
    return near;
  }
}

interface Overlay {
  readonly added: Set<string>;
  readonly dropped: Set<string>;
  readonly tally: Tally;
}

// Nobody outside can choose names that collide: sets that do would not be shared.
const seeds = [randomInt(2 ** 32), randomInt(2 ** 32)] as const;

/** What is summed up of all names of a set: it does not depend on their order, and steps. */
class Tally {
  size = 0;
  length = 0;
  #sumA = 0;
  #sumB = 0;

  get key(): string {
    return `${this.size} ${this.length} ${this.#sumA} ${this.#sumB}`;
  }

  add(name: string): void {
    this.#count(name, 1);
  }

  remove(name: string): void {
    this.#count(name, -1);
  }

  copy(): Tally {
    const copy = new Tally();
    copy.size = this.size;
    copy.length = this.length;
    copy.#sumA = this.#sumA;
    copy.#sumB = this.#sumB;
    return copy;
  }

  #count(name: string, sign: 1 | -1): void {
    let [a, b]: readonly [number, number] = seeds;
    for (let index = 0; index < name.length; index += 1) {
      const unit = name.charCodeAt(index);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b + unit, 0x85ebca6b) ^ (b >>> 15);
    }
    this.size += sign;
    this.length += sign * name.length;
    this.#sumA = (this.#sumA + sign * mix(a)) | 0;
    this.#sumB = (this.#sumB + sign * mix(b)) | 0;
  }
}

function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
