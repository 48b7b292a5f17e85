// `view`: which of the states of what is declared is asked for.

const views = ['staged', 'committed', 'effective'] as const;

export type View = (typeof views)[number];

/** @throws Error with the rule as its message */
export function parseView(text: string): View {
  const view = views.find((each) => each === text);
  if (view === undefined) throw new Error(`must be one of ${views.join(', ')}`);
  return view;
}

/** For error messages. */
export function describeView(view: View): string {
  return view === 'staged' ? 'staged' : 'committed';
}
