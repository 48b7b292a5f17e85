// Pages of a list: `limit` says how many, `cursor` from where on: the last name of the page before.

export const maxPage = 1_000;

export interface Page<T> {
  readonly items: readonly T[];
  /** The cursor of the page that follows; undefined: this is the last one. */
  readonly next: string | undefined;
}

/** @param all sorted by name, by code unit. */
export function pageOf<T extends { readonly name: string }>(
  all: readonly T[],
  cursor: string | undefined,
  limit: number,
): Page<T> {
  const start = cursor === undefined ? 0 : findStart(all, cursor);
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  const isLast = last === undefined || start + limit >= all.length;
  return { items, next: isLast ? undefined : last.name };
}

/** A whole number in digits. @throws Error with the rule as its message */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/u.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new Error(`must be a whole number from ${min} to ${max}`);
  };
}

// The first whose name comes after: what was the last one of a page may be gone.
function findStart(all: readonly { readonly name: string }[], after: string): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.name ?? '') > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
