// One object per key for as long as somebody holds the object.

/** Interns values by key without keeping them alive. */
export class WeakTable<Value extends object> {
  readonly #byKey = new Map<string, WeakRef<Value>>();
  // The key may belong to a newer value by the time the older one is collected.
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (this.#byKey.get(key)?.deref() === undefined) this.#byKey.delete(key);
  });

  /** The value known under `key`, or a new one from `make`. */
  intern(key: string, make: () => Value): Value {
    const known = this.#byKey.get(key)?.deref();
    if (known !== undefined) return known;
    const value = make();
    this.#byKey.set(key, new WeakRef(value));
    this.#collected.register(value, key);
    return value;
  }
}
