// Servers that are down and stay published all the same: said, since it may be the control plane that hears nothing.

import type { Verdicts } from '../effective/verdicts-by-cluster.ts';
import type { Alarm } from '../effective/verdicts.ts';
import { nameSome } from '../text/name-some.ts';
import type { Warning } from './warnings.ts';

const why: Readonly<Record<Alarm, string>> = {
  many: 'too many of the cluster went at once',
  'in-doubt': 'most of all that is watched went at once, as when the control plane is cut off',
  settling: 'others that went with them are just back, and so may they be',
  last: 'nobody would be left',
};

/** One line for each cluster. */
export function findHeldServers(verdicts: Verdicts): Warning[] {
  return Array.from(verdicts).flatMap(([cluster, { held, alarm }]) => {
    if (alarm === undefined) return [];
    const message = `cluster ${JSON.stringify(cluster)}: ${nameSome(held)}: down, and published as before: ${why[alarm]}`;
    return [{ code: 'servers-held', message }];
  });
}
