// The flags of `controlplane listener add` and `set`, each for a field; those of routes are put together in
// route-flags.ts.

import { downstreamAuthFlags } from './auth-flags.ts';
import { parseFault } from './fault-flag.ts';
import { parseBoolean, parseNumber } from './object-flags.ts';
import type { FieldFlag } from './object-flags.ts';
import { parseReads, parseRoute } from './route-flags.ts';
import { downstreamTlsFlags } from './tls-flags.ts';

const yesOrNo = { choices: ['true', 'false'], preset: 'true', parse: parseBoolean } as const;

const ofAllKinds: readonly FieldFlag[] = [
  { flags: '--kind <KIND>', path: ['kind'], choices: ['redis', 'tcp', 'http'], help: 'What it speaks. Default: redis' },
  { flags: '--address <IP:PORT>', path: ['address'], help: 'Where each Envoy binds it; [::] takes IPv4 too.' },
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

const ofTcp: readonly FieldFlag[] = [
  { flags: '--cluster <CLUSTER>', path: ['cluster'], help: 'Of tcp: where its connections go.' },
  {
    flags: '--sticky [HOW]',
    path: ['sticky'],
    choices: ['none', 'source_ip'],
    preset: 'source_ip',
    help: 'Of tcp: one client address, one server.',
  },
  {
    flags: '--idle-timeout <DURATION>',
    path: ['idle_timeout'],
    help: 'Of tcp and http: how long a connection may be silent.',
  },
  {
    flags: '--max-connection-duration <DURATION>',
    path: ['max_connection_duration'],
    help: 'Of tcp and http: how old a connection may become.',
  },
  {
    flags: '--max-connect-attempts <N>',
    path: ['max_connect_attempts'],
    parse: parseNumber,
    help: 'Of tcp: servers that are tried.',
  },
];

const ofRoutes: readonly FieldFlag[] = [
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
    flags: '--key-formatter <PREFIX=TEXT>',
    path: ['key_formatter'],
    isList: true,
    help: 'Of a --route of redis: what servers are sent, %KEY% being the key; without PREFIX of --catch-all.',
  },
  {
    flags: '--mirror <PREFIX=CLUSTER>',
    path: ['mirrors'],
    isList: true,
    help: 'Of a --route of redis: a cluster that is sent the same; without PREFIX of --catch-all; once for each.',
  },
  {
    flags: '--mirror-percent <N>',
    path: ['mirror_percent'],
    parse: parseNumber,
    help: 'How many of the commands each --mirror is sent. Default: 100',
  },
  {
    flags: '--mirror-exclude-reads [YES]',
    path: ['mirror_exclude_reads'],
    ...yesOrNo,
    help: 'No --mirror is sent what only reads.',
  },
  {
    flags: '--host <PREFIX=HOST>',
    path: ['hosts'],
    isList: true,
    help: 'Of a --route of http: a host that it is for, or *.HOST for all that end so; once for each.',
  },
  {
    flags: '--timeout <DURATION>',
    path: ['timeout'],
    help: 'Of each --route of http: until the whole reply is there. Default: 15s',
  },
  {
    flags: '--retry-attempts <N>',
    path: ['retry_attempts'],
    parse: parseNumber,
    help: 'Of each --route of http: how often a request is sent again.',
  },
  {
    flags: '--retry-on <REASON>',
    path: ['retry_on'],
    isList: true,
    help: 'Why, as Envoy says it; once for each. Default: connect-failure and refused-stream',
  },
];

const ofRedis: readonly FieldFlag[] = [
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
  {
    flags: '--enable-redirection [YES]',
    path: ['enable_redirection'],
    ...yesOrNo,
    help: 'Of redis: Envoy follows MOVED and ASK.',
  },
  {
    flags: '--max-upstream-unknown-connections <N>',
    path: ['max_upstream_unknown_connections'],
    parse: parseNumber,
    help: 'Of redis: to how many servers that no cluster lists.',
  },
  {
    flags: '--buffer-max-bytes <BYTES>',
    path: ['buffer', 'max_bytes'],
    parse: parseNumber,
    help: 'Of redis: commands wait for others, up to so many bytes together.',
  },
  {
    flags: '--buffer-flush-timeout <DURATION>',
    path: ['buffer', 'flush_timeout'],
    help: 'For how long at most. Default: 3ms',
  },
  {
    flags: '--connection-rate-limit <N>',
    path: ['connection_rate_limit'],
    parse: parseNumber,
    help: 'Of redis: new connections per second, to a server, of a worker.',
  },
  {
    flags: '--command-stats [YES]',
    path: ['command_stats'],
    ...yesOrNo,
    help: 'Of redis: Envoy counts each command by its name.',
  },
  {
    flags: '--custom-command <COMMAND>',
    path: ['custom_commands'],
    isList: true,
    help: 'Of redis: one that Envoy does not know and is to pass on; once for each.',
  },
  {
    flags: '--protocol <PROTOCOL>',
    path: ['protocol'],
    choices: ['RESP2', 'RESP3'],
    help: 'Of redis: what clients speak. Default: RESP2',
  },
  {
    flags: '--fault <TYPE,KEY=VALUE>',
    path: ['faults'],
    isList: true,
    parse: parseFault,
    help: 'Of redis, a drill: error or delay, percent=N, delay=DURATION, command=NAME for each; once for each.',
  },
];

export const listenerFlags: readonly FieldFlag[] = [
  ...ofAllKinds,
  ...downstreamTlsFlags,
  ...ofTcp,
  ...ofRoutes,
  ...ofRedis,
  ...downstreamAuthFlags,
];
