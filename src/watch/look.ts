// One look at a server: a connection of its own, a few questions, and how it ended. Never throws: whatever a server
// does is an answer.

import { Connection } from './connection.ts';
import type { Explanation, Target } from './connection.ts';
import { readFacts } from './facts.ts';
import type { ServerFacts } from './facts.ts';
import { ReplyError, encodeBatch } from './resp.ts';

export type Look = ({ readonly facts: ServerFacts } | Explanation) & { readonly tookMs: number };

const questions = encodeBatch(['INFO'], ['ROLE'], ['CONFIG', 'GET', 'save']);

/** @param deadlineMs for connecting, and again for the answers. */
export async function look(target: Target, deadlineMs: number): Promise<Look> {
  const startMs = performance.now();
  const tookMs = (): number => Math.round(performance.now() - startMs);
  const connection = new Connection(target, deadlineMs, deadlineMs);
  try {
    await connection.open();
    const [info, role, save] = await connection.askAll(questions);
    if (info instanceof ReplyError) throw info;
    return { facts: readFacts({ info: String(info), role, save }), tookMs: tookMs() };
  } catch (error) {
    return { ...(await connection.explain(error as Error)), tookMs: tookMs() };
  } finally {
    connection.close();
  }
}
