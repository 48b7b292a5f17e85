// One look at a server: a connection of its own, a few questions, and how it ended. Never throws: whatever a server
// does is an answer.

import { Connection } from './connection.ts';
import type { Explanation, Target } from './connection.ts';
import { readFacts } from './facts.ts';
import type { ServerFacts } from './facts.ts';

export type Look = ({ readonly facts: ServerFacts } | Explanation) & { readonly tookMs: number };

/** @param deadlineMs for connecting, and again for the answers. */
export async function look(target: Target, deadlineMs: number): Promise<Look> {
  const startMs = performance.now();
  const tookMs = (): number => Math.round(performance.now() - startMs);
  const connection = new Connection(target, deadlineMs, deadlineMs);
  try {
    await connection.open();
    const [info, role, save] = await Promise.allSettled([
      connection.ask('INFO'),
      connection.ask('ROLE'),
      connection.ask('CONFIG', 'GET', 'save'),
    ]);
    if (info.status === 'rejected') throw info.reason;
    const facts = readFacts({ info: String(info.value), role: valueOf(role), save: valueOf(save) });
    return { facts, tookMs: tookMs() };
  } catch (error) {
    return { ...(await connection.explain(error as Error)), tookMs: tookMs() };
  } finally {
    connection.close();
  }
}

function valueOf(result: PromiseSettledResult<unknown>): unknown {
  return result.status === 'fulfilled' ? result.value : undefined;
}
