// Durations as an operator writes them: text to milliseconds and back.

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A text that is no duration; `message` is the rule it breaks, without the text. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

/**
 * Parses a whole number and a unit (`500ms`, `10s`, `1m`, `2h`), or `0`; gives milliseconds.
 * @throws DurationError also when it is more than `maxMs`.
 */
export function parseDuration(text: string, maxMs: number): number {
  const { count, unit } = /^(?<count>\d+)(?<unit>ms|s|m|h)$/u.exec(text)?.groups ?? {};
  const unitMs = unit === undefined ? undefined : unitsMs[unit];
  if (text !== '0' && unitMs === undefined) {
    throw new DurationError('must be a whole number and ms, s, m or h, such as 500ms, 10s or 1m');
  }
  const ms = Number(count ?? 0) * (unitMs ?? 0);
  if (ms > maxMs) throw new DurationError(`must be at most ${formatDuration(maxMs)}`);
  return ms;
}

/** The shortest text that {@link parseDuration} reads back, of whole milliseconds. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  const [unit, unitMs] = Object.entries(unitsMs).findLast(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}
