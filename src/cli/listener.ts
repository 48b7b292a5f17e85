// `controlplane listener`: listeners are listed, shown and staged.

import type { Command } from 'commander';

import type { Listener, RedisRoute } from '../model/objects.ts';
import { UsageError } from '../process/failure.ts';
import { downstreamAuthFlags, withoutEmptyAuth } from './auth-flags.ts';
import type { Context } from './context.ts';
import { buildObjectCommands } from './object-commands.ts';
import { parseBoolean, parseNumber } from './object-flags.ts';
import type { FieldFlag, Patch } from './object-flags.ts';
import { showPlain } from './plain-value.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';
import { downstreamTlsFlags, withWholeDownstreamTls } from './tls-flags.ts';

const yesOrNo = { choices: ['true', 'false'], preset: 'true', parse: parseBoolean } as const;

const flags: readonly FieldFlag[] = [
  { flags: '--kind <KIND>', path: ['kind'], choices: ['redis', 'tcp', 'http'], help: 'What it speaks. Default: redis' },
  { flags: '--address <IP:PORT>', path: ['address'], help: 'Where each Envoy binds it.' },
  { flags: '--cluster <CLUSTER>', path: ['cluster'], help: 'Of tcp: where its connections go.' },
  {
    flags: '--sticky [HOW]',
    path: ['sticky'],
    choices: ['none', 'source_ip'],
    preset: 'source_ip',
    help: 'Of tcp: one client address, one server.',
  },
  { flags: '--idle-timeout <DURATION>', path: ['idle_timeout'], help: 'Of tcp: how long a connection may be silent.' },
  {
    flags: '--max-connect-attempts <N>',
    path: ['max_connect_attempts'],
    parse: parseNumber,
    help: 'Of tcp: servers that are tried.',
  },
  {
    flags: '--route <PREFIX=CLUSTER>',
    path: ['routes'],
    isList: true,
    parse: parseRoute,
    help: 'Where keys or paths go, once for each; or auto. Default: auto, by the prefixes of the clusters',
  },
  {
    flags: '--remove-prefix <PREFIX>',
    path: ['remove_prefix'],
    isList: true,
    help: 'Of a --route, by its PREFIX: servers are sent its keys or paths without it; once for each.',
  },
  {
    flags: '--reads <PREFIX=WHERE>',
    path: ['reads'],
    isList: true,
    parse: parseReads,
    help: 'Of a --route, by its PREFIX: who answers reads: primary, replica, prefer_replica or any; once for each.',
  },
  {
    flags: '--catch-all <CLUSTER>',
    path: ['catch_all'],
    help: 'Of redis: where keys without a route go; or auto, or none.',
  },
  { flags: '--op-timeout <DURATION>', path: ['op_timeout'], help: 'Of redis: how long a command may take.' },
  {
    flags: '--read-policy <WHERE>',
    path: ['read_policy'],
    choices: ['primary', 'prefer_primary', 'replica', 'prefer_replica', 'any'],
    help: 'Of redis: which servers of its Redis Clusters answer reads. Default: primary',
  },
  {
    flags: '--enable-hashtagging [YES]',
    path: ['enable_hashtagging'],
    ...yesOrNo,
    help: 'Of redis: only {...} of a key says which server.',
  },
  {
    flags: '--case-insensitive [YES]',
    path: ['case_insensitive'],
    ...yesOrNo,
    help: 'Of redis: prefixes match in any case.',
  },
  ...downstreamAuthFlags,
  ...downstreamTlsFlags,
  {
    flags: '--group <GROUP>',
    path: ['groups'],
    isList: true,
    help: 'A node group that is given it; several times for several. Default: every Envoy',
  },
  {
    flags: '--label <KEY=VALUE>',
    path: ['labels'],
    isRecord: true,
    help: 'For those who read it; several times for several.',
  },
];

export function buildListener(context: Context): Command {
  return buildObjectCommands<Listener>(context, {
    kind: 'listener',
    description: 'Listeners: where Envoys take clients, and to which clusters their commands go.',
    flags,
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
    details: (listener) => renderRoutes(routesOf(listener)),
    examples: {
      list: ['listener list', 'listener list -o yaml'],
      get: ['listener get redis_listener'],
      add: [
        'listener add pinned --kind tcp --address 0.0.0.0:6380 --cluster sessions --sticky',
        'listener add shop --address 0.0.0.0:6381 --route sess:=sessions --route cart:=carts --catch-all none',
        'listener add bare --address 0.0.0.0:6382 --route sess:=sessions --remove-prefix sess:',
      ],
      set: [
        'listener set redis_listener --auth-secret old-password --auth-secret new-password',
        'listener set shop --op-timeout 2s',
        'listener set shop --route auto --catch-all ""',
      ],
      remove: ['listener remove pinned'],
    },
  });
}

// Prefixes hold more than names of clusters do.
function parseRoute(text: string): unknown {
  if (text === 'auto') return text;
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new Error('must be PREFIX=CLUSTER, or auto');
  return { prefix: text.slice(0, at), cluster: text.slice(at + 1) };
}

function parseReads(text: string): unknown {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new Error('must be PREFIX=WHERE');
  return { prefix: text.slice(0, at), reads: text.slice(at + 1) };
}

// The flags make lists of what may be a word, and of what belongs to routes.
function withWholeRoutes({ remove_prefix: removed, reads: readFrom, ...patch }: Patch): Patch {
  const routes = listOf<Patch>(patch['routes']);
  const bare = listOf<string>(removed);
  const reads = listOf<{ prefix: string; reads: string }>(readFrom);
  requireRoutes('--remove-prefix', bare, routes);
  requireRoutes('--reads', reads.map(({ prefix }) => prefix), routes);
  if (routes.length === 0) return patch;
  if (routes.length === 1 && (routes[0] as unknown) === 'auto') return { ...patch, routes: 'auto' };
  const whole = routes.map((route) => ({
    ...route,
    ...(bare.includes(route['prefix'] as string) && { remove_prefix: true }),
    ...reads.find(({ prefix }) => prefix === route['prefix']),
  }));
  return { ...patch, routes: whole };
}

function listOf<Item>(value: unknown): readonly Item[] {
  return Array.isArray(value) ? value : [];
}

function requireRoutes(flag: string, prefixes: readonly string[], routes: readonly Patch[]): void {
  for (const prefix of prefixes) {
    if (routes.some((route) => route['prefix'] === prefix)) continue;
    throw new UsageError(`${flag} ${JSON.stringify(prefix)}: must be the PREFIX of a --route`);
  }
}

function routesOf(listener: Listener): readonly RedisRoute[] | 'auto' | undefined {
  return listener.kind === 'tcp' ? undefined : (listener.routes ?? 'auto');
}

function describeTarget(listener: Listener): string {
  if (listener.kind === 'tcp') return listener.cluster;
  const routes = routesOf(listener);
  return Array.isArray(routes) ? `${routes.length} ${routes.length === 1 ? 'route' : 'routes'}` : 'auto';
}

function renderRoutes(routes: readonly RedisRoute[] | 'auto' | undefined): string[] {
  if (routes === undefined || routes === 'auto' || routes.length === 0) return [];
  const isReadApart = routes.some(({ reads }) => reads !== undefined);
  const rows = routes.map(({ prefix, cluster, remove_prefix: isRemoved, reads }) => {
    return [prefix, cluster, isRemoved === true ? 'removed' : '-', ...(isReadApart ? [reads ?? '-'] : [])];
  });
  const header = ['ROUTE', 'CLUSTER', 'PREFIX', ...(isReadApart ? ['READS'] : [])];
  return ['', ...renderTable([header, ...rows.map((row) => row.map(toPrintable))])];
}
