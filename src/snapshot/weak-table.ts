// One object per key for as long as somebody holds the object.

import { createHash } from 'node:crypto';

// Longer keys are hashed, so that the table stays small when a stream names 10,000 clusters. Shorter ones are
// cheaper as they are, and a fleet that connects looks up thousands of them.
const maxPlainLength = 512;

/** Interns values by key without keeping them alive. */
export class WeakTable<Value extends object> {
  readonly #byKey = new Map<string, WeakRef<Value>>();
  // The key may belong to a newer value by the time the older one is collected.
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (this.#byKey.get(key)?.deref() === undefined) this.#byKey.delete(key);
  });

  /**
   * The value known under the key `text`, or a new one from `make`.
   * @param isSame where two that differ may have the same key: the newer one takes the place of the older. Default: never.
   */
  intern(text: string, make: () => Value, isSame: (known: Value) => boolean = () => true): Value {
    const key = text.length <= maxPlainLength ? `=${text}` : createHash('sha256').update(text).digest('base64');
    const known = this.#byKey.get(key)?.deref();
    if (known !== undefined && isSame(known)) return known;
    const value = make();
    this.#byKey.set(key, new WeakRef(value));
    this.#collected.register(value, key);
    return value;
  }
}
