// `controlplane listener`: listeners are listed, shown and staged.

import type { Command } from 'commander';

import type { HttpRoute, Listener, RedisRoute } from '../model/objects.ts';
import { withoutEmptyAuth } from './auth-flags.ts';
import type { Context } from './context.ts';
import { listenerFlags } from './listener-flags.ts';
import { buildObjectCommands } from './object-commands.ts';
import { showPlain } from './plain-value.ts';
import { toPrintable } from './printable.ts';
import { withWholeRoutes } from './route-flags.ts';
import { renderTable } from './table.ts';
import { withWholeDownstreamTls } from './tls-flags.ts';

export function buildListener(context: Context): Command {
  return buildObjectCommands<Listener>(context, {
    kind: 'listener',
    description: 'Listeners: where Envoys take clients, and to which clusters their commands go.',
    flags: listenerFlags,
    completeNew: withWholeRoutes,
    completePatch: (patch) => withoutEmptyAuth(withWholeDownstreamTls(withWholeRoutes(patch))),
    columns: ['NAME', 'KIND', 'ADDRESS', 'GOES TO', 'GROUPS', 'LABELS'],
    cells: (listener) => [
      listener.name,
      listener.kind ?? 'redis',
      showPlain(listener.address),
      describeTarget(listener),
      showPlain(listener.groups),
      showPlain(listener.labels),
    ],
    details: (listener) => [...renderRoutes(routesOf(listener)), ...renderFaults(listener)],
    examples: {
      list: ['listener list', 'listener list -o yaml'],
      get: ['listener get redis_listener'],
      add: [
        'listener add pinned --kind tcp --address 0.0.0.0:6380 --cluster sessions --sticky',
        'listener add shop --address 0.0.0.0:6381 --route sess:=sessions --route cart:=carts --catch-all none',
        'listener add bare --address 0.0.0.0:6382 --route sess:=sessions --remove-prefix sess:',
        'listener add both --address 0.0.0.0:6383 --route sess:=old --mirror sess:=new --mirror-exclude-reads',
      ],
      set: [
        'listener set redis_listener --auth-secret old-password --auth-secret new-password',
        'listener set shop --op-timeout 2s',
        'listener set shop --route auto --catch-all ""',
        'listener set shop --fault error,percent=5,command=get --fault delay,percent=10,delay=200ms',
      ],
      remove: ['listener remove pinned'],
    },
  });
}

type Route = RedisRoute | HttpRoute;


function routesOf(listener: Listener): readonly Route[] | 'auto' | undefined {
  return listener.kind === 'tcp' ? undefined : (listener.routes ?? 'auto');
}

function describeTarget(listener: Listener): string {
  if (listener.kind === 'tcp') return listener.cluster;
  const routes = routesOf(listener);
  return Array.isArray(routes) ? `${routes.length} ${routes.length === 1 ? 'route' : 'routes'}` : 'auto';
}

function renderRoutes(routes: readonly Route[] | 'auto' | undefined): string[] {
  if (routes === undefined || routes === 'auto' || routes.length === 0) return [];
  const isReadApart = routes.some((route) => 'reads' in route);
  const hasExtras = routes.some((route) => describeExtras(route) !== '-');
  const rows = routes.map((route) => [
    route.prefix,
    route.cluster,
    route.remove_prefix === true ? 'removed' : '-',
    ...(isReadApart ? [showPlain('reads' in route ? route.reads : undefined)] : []),
    ...(hasExtras ? [describeExtras(route)] : []),
  ]);
  const header = ['ROUTE', 'CLUSTER', 'PREFIX', ...(isReadApart ? ['READS'] : []), ...(hasExtras ? ['BESIDES'] : [])];
  return ['', ...renderTable([header, ...rows.map((row) => row.map(toPrintable))])];
}

function renderFaults(listener: Listener): string[] {
  if (listener.kind === 'tcp' || listener.kind === 'http' || listener.faults === undefined) return [];
  const rows = listener.faults.map(({ type, percent, delay, commands }) => {
    return [type, `${percent}`, showPlain(delay), showPlain(commands)];
  });
  return ['', ...renderTable([['FAULT', 'PERCENT', 'DELAY', 'COMMANDS'], ...rows.map((row) => row.map(toPrintable))])];
}

const shownFields: ReadonlySet<string> = new Set(['prefix', 'cluster', 'remove_prefix', 'reads']);

// In the words of the object, as in -o yaml.
function describeExtras(route: Route): string {
  const extras = Object.entries(route).filter(([field]) => !shownFields.has(field));
  return extras.map(([field, value]) => `${field} ${showPlain(value)}`).join(', ') || '-';
}
