// The whole in one line: whether something has to be done. Pure.

import type { Seen, SeenServer } from '../../commit/desk.ts';
import type { Warning } from '../../commit/published.ts';
import { nameSome } from '../../text/name-some.ts';
import type { SyncState } from '../../xds/stream-status.ts';
import type { ServerHealthMessage, SummaryMessage } from './messages.ts';

export interface Whole {
  /** The ids of the clients in each state. */
  readonly clients: ReadonlyMap<SyncState, readonly string[]>;
  /** How many nodes have gone. */
  readonly gone: number;
  /** False: who was asked for is not there, or somebody may be yet to come back. */
  readonly isComplete: boolean;
  readonly warnings: readonly Warning[];
  readonly seen: Seen;
  /** Which layer left a server out of what is published; undefined: none did. */
  readonly leftOutBy: (cluster: string, server: string) => ServerHealthMessage['left_out_by'];
}

// Nobody, or the wrong one, takes what clients write.
const grave: readonly Warning['code'][] = ['no-primary', 'two-primaries', 'primary-empty'];

/**
 * `trouble`: clients of Envoys are, or may be, harmed: an Envoy has refused what was published, a server that is down is
 * sent commands, a cluster lacks its primary. `attention`: something is not as it should be. Else `ok`.
 */
export function summarize(whole: Whole): SummaryMessage {
  const { clients, gone, isComplete, warnings, seen, leftOutBy } = whole;
  const servers = Array.from(seen).flatMap(([cluster, all]) => {
    return Array.from(all, ([server, { state }]) => ({ state, name: `${cluster} ${server}`, by: leftOutBy(cluster, server) }));
  });
  const inState = (wanted: SeenServer['state']) => servers.filter(({ state }) => state === wanted);
  const [down, up] = [inState('down'), inState('up')];
  const idsIn = (state: SyncState): readonly string[] => clients.get(state) ?? [];
  const refused = idsIn('error');
  const behind = idsIn('stale').length + idsIn('not-sent').length;
  const problems = [
    ...(down.length === 0 ? [] : [`${count(down.length, 'server')} down (${nameSome(down.map(({ name }) => name))})`]),
    ...(['suspect', 'recovering', 'unknown'] as const).flatMap((state) => {
      const found = inState(state).length;
      return found === 0 ? [] : [`${count(found, 'server')} ${state}`];
    }),
    ...(warnings.length === 0 ? [] : [count(warnings.length, 'warning')]),
    ...(refused.length === 0 ? [] : [`${count(refused.length, 'Envoy')} refused what was published (${nameSome(refused)})`]),
    ...(behind === 0 ? [] : [`${count(behind, 'Envoy')} not in sync`]),
    ...(gone === 0 ? [] : [`${count(gone, 'Envoy')} gone`]),
    ...(isComplete ? [] : ['others are waited for']),
  ];
  const envoys = clients.size === 0 ? 'no Envoys' : `${count(idsIn('synced').length, 'Envoy')} in sync`;
  const rest = [envoys, ...(servers.length === 0 ? [] : [`${count(up.length, 'server')} up`])];
  const isHarmed = refused.length > 0 || down.some(({ by }) => by === undefined) || warnings.some(({ code }) => grave.includes(code));
  const state = problems.length === 0 ? 'ok' : isHarmed ? 'trouble' : 'attention';
  return { state, message: [...problems, ...rest].join(', ') };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
