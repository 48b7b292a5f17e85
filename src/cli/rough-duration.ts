// How long something took or is ago, for people.

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** In whole numbers of the largest unit of which there is one, rounded down: `2 h`, `0 s`. */
export function roughDuration(ms: number): string {
  const [unit, unitMs] = units.find(([, each]) => ms >= each) ?? (['s', 1_000] as const);
  return `${Math.floor(ms / unitMs)} ${unit}`;
}
