// What was made of an object last: made anew only when it would be another one, so that identity tells of a change.

/** One thing per object, the newest. @param key stands for all that it is made of besides the object. */
export class Latest<Of extends object, Made> {
  readonly #made = new WeakMap<Of, { readonly key: string; readonly made: Made }>();

  get(of: Of, key: string, make: () => Made): Made {
    const last = this.#made.get(of);
    if (last?.key === key) return last.made;
    const made = make();
    this.#made.set(of, { key, made });
    return made;
  }
}
