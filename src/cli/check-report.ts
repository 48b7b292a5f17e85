// What a check of servers prints.

import type { CheckMessage, CheckedServerMessage } from '../api/v2/messages.ts';
import type { Context } from './context.ts';
import { paint } from './output.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';

type Facts = NonNullable<CheckedServerMessage['facts']>;

/** A line per server, one for each contradiction, and how many are fine. */
export function renderCheck(context: Context, { checked, fine, servers }: CheckMessage): string[] {
  if (checked === 0) return ['no server is declared'];
  const rows = servers.map((server) => [
    paint(context, server.is_fine ? 'green' : 'red', server.is_fine ? 'ok' : 'bad'),
    ...[server.cluster, addressOf(server), ...cellsOf(server)].map(toPrintable),
  ]);
  const contradictions = servers.flatMap(({ cluster, address, contradictions: lines }) =>
    lines.map((line) => toPrintable(`${cluster} ${address}: ${line}`)),
  );
  return [
    ...renderTable([['', 'CLUSTER', 'ADDRESS', 'ROLE', 'SERVER', 'MAXMEMORY', 'PERSISTENCE'], ...rows]),
    ...contradictions,
    `${fine} of ${checked} are fine`,
  ];
}

// A name that leads nowhere stands in place of an address.
function addressOf({ address, host_name: name }: CheckedServerMessage): string {
  return name === null || address.startsWith(`${name}:`) ? address : `${address} (${name})`;
}

function cellsOf({ trouble, detail, facts }: CheckedServerMessage): string[] {
  if (facts === null) return [`${trouble ?? 'failed'}: ${detail ?? ''}`];
  return [
    facts.role === 'replica' ? `replica of ${facts.follows ?? '?'}` : facts.role,
    `${facts.product} ${facts.version ?? '?'}${facts.cluster_mode ? ', cluster mode' : ''}`,
    memoryOf(facts),
    persistenceOf(facts),
  ];
}

// Without a limit the policy comes to work when somebody sets one.
function memoryOf({ maxmemory, maxmemory_policy: policy }: Facts): string {
  if (maxmemory === null) return '?';
  return `${maxmemory === 0 ? 'no limit' : `${maxmemory} bytes`}, ${policy ?? '?'}`;
}

function persistenceOf({ append_only: isAppendOnly, saves_snapshots: saves }: Facts): string {
  const kept = [...(saves === true ? ['snapshots'] : []), ...(isAppendOnly === true ? ['append-only'] : [])];
  if (kept.length > 0) return kept.join(', ');
  return saves === null || isAppendOnly === null ? '?' : 'none';
}
