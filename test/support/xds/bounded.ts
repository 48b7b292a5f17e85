// Waiting that ends: a generous bound for what only takes this long when it is broken.

/** Far above what a busy two-core machine needs. */
export const boundMs = 20_000;

/** What `promise` gives. Rejects with `describe()` when the bound is over first. */
export function bounded<Value>(promise: Promise<Value>, describe: () => string): Promise<Value> {
  // Made here, so that its stack leads to the test.
  const late = new Error();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      late.message = `waited in vain for ${describe()}`;
      reject(late);
    }, boundMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
