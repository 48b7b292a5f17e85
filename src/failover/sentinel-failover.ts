// One Sentinel told to fail over: it needs nobody's agreement for that (redis.io/docs/latest/operate/oss_and_stack/
// management/sentinel), and the others follow it.

import { Connection } from '../watch/connection.ts';
import { ReplyError } from '../watch/resp.ts';
import { ActError } from './acts.ts';
import type { SentinelTarget } from './targets.ts';

const limitMs = 2_000;

/** The first that does it: gives which. @throws ActError with what each of them said. */
export async function failOverBySentinel(targets: readonly SentinelTarget[], master: string): Promise<string> {
  const refusals: string[] = [];
  for (const target of targets) {
    const refusal = await tell(target, master);
    if (refusal === undefined) return target.sentinel;
    refusals.push(`${target.sentinel}: ${refusal}`);
  }
  throw new ActError(`no Sentinel fails over: ${refusals.join('; ') || 'none is declared'}`);
}

/** Undefined: it does, or is about to already. */
async function tell(target: SentinelTarget, master: string): Promise<string | undefined> {
  if ('problem' in target) return target.problem;
  const connection = new Connection(target, limitMs, limitMs);
  try {
    await connection.open();
    await connection.ask('SENTINEL', 'FAILOVER', master);
    return undefined;
  } catch (error) {
    if (error instanceof ReplyError && error.message.startsWith('INPROG')) return undefined;
    const { trouble, detail } = await connection.explain(error as Error);
    return error instanceof ReplyError ? error.message : `${trouble}: ${detail}`;
  } finally {
    connection.close();
  }
}
