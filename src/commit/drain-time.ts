// How long what a commit removes drains, for Envoys that drain for so long. Pure.

const longestLagMs = 75_000;

/**
 * The time of Envoy and what it may begin later: it does so only when it has taken the new listener, which is after
 * our push, that pauses for up to 60 s where changes follow each other fast, and after its own building. What ended
 * here before it ended there would fail on its last connections. A time that was chosen short stays short.
 * @param drainTimeMs that of Envoy; 0: nothing drains.
 */
export function withEnvoyLag(drainTimeMs: number): number {
  return drainTimeMs + Math.ceil(Math.min(longestLagMs, drainTimeMs / 8));
}
