// Flags and environment in, settings out. `flags` is the one list of what can be set:
// names, defaults, rules and the help text all come from it.

import { readFileSync } from 'node:fs';
import { formatAddress, isHostName, isLoopback, parseAddress, parseIpAndPort } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { parseValue, readArguments } from './arguments.ts';
import { parseDuration } from '../text/duration.ts';
import { UsageError } from './failure.ts';
import { parseDeniedCommands } from '../text/redis-commands.ts';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const logFormats = ['pretty', 'json'] as const;

const tlsPorts = ['xds', 'api'] as const;
const secretsFor = ['private', 'any'] as const;

export type LogLevel = (typeof logLevels)[number];
export type LogFormat = (typeof logFormats)[number];
export type TlsPortName = (typeof tlsPorts)[number];

/** What the daemon runs with; every value is checked. */
export interface Settings {
  /** Where xDS is served. */
  readonly xdsAddress: Address;
  /** Where REST is served. */
  readonly apiAddress: Address;
  /** Names by which REST may be called, besides those that are always taken. */
  readonly apiHosts: readonly string[];
  /** A file in PEM, like the next two: the certificate of the ports that have TLS; undefined: none has. */
  readonly tlsCert: string | undefined;
  /** Its key; undefined exactly when there is no certificate. */
  readonly tlsKey: string | undefined;
  /** Those who sign for the clients of xDS, which then must have a certificate. */
  readonly tlsClientCa: string | undefined;
  /** Which ports have TLS, where there is a certificate. */
  readonly tlsPorts: readonly TlsPortName[];
  /** Who is given passwords and private keys: clients on connections that nobody else can read, or all. */
  readonly xdsSecrets: (typeof secretsFor)[number];
  /** Name servers, as IP:PORT, that are asked for the names that are looked up here; none: those of this host. */
  readonly dnsServers: readonly string[];
  /** The directory that keeps the state, relative to the working directory; undefined keeps nothing. */
  readonly dataDir: string | undefined;
  /** The key that opens all secrets; undefined: `secret.key` in the directory of the state. */
  readonly secretKeyFile: string | undefined;
  /** Where Envoy binds the listener that LDS gives it; the host is an IP address in its canonical spelling. */
  readonly redisListener: Address;
  /** Where the same Envoys answer for clusters without servers: a loopback address, with another port. */
  readonly redisEmptyListener: Address;
  /** The cluster for keys that no prefix matches; undefined means the only cluster when there is exactly one. */
  readonly redisCatchAll: string | undefined;
  /** Redis commands, in lower case, that Envoys which take their listener from here refuse. */
  readonly redisDeny: readonly string[];
  /** What Envoy's bootstrap calls the cluster that leads to this control plane. */
  readonly xdsClusterName: string;
  /** How long a removed cluster stays published to Envoys whose connections may still use it; 0: not at all. */
  readonly drainTimeMs: number;
  /** How long Envoys that went are missed, and a fleet that has not come back after a start; 0: not at all. */
  readonly goneTimeMs: number;
  /** Share of all clusters, and of all endpoints, that a commit may take unless it is forced, from 0 to 1. */
  readonly guardShare: number;
  /** How many revisions are kept, for history and rollback; at least 1. */
  readonly keptRevisions: number;
  readonly logLevel: LogLevel;
  /** Undefined means pretty on a terminal and JSON lines otherwise. */
  readonly logFormat: LogFormat | undefined;
}

/** A request for text instead of a run (`--help`, `--version`): print it to stdout and exit 0. */
export interface Printout {
  /** Ends in a newline. */
  readonly print: string;
}

interface Flag<T> {
  readonly name: string;
  /** What stands for the value in the help text. */
  readonly value: string;
  /** The default, written as the flag's value would be; empty when unset is a meaning of its own. */
  readonly fallback: string;
  /** Throws an Error whose message is the rule that `text` breaks. */
  readonly parse: (text: string) => T;
  readonly help: string;
}

const maxDrainTimeMs = 30 * 24 * 3_600_000;
const maxKeptRevisions = 100_000;
const maxGoneTimeMs = 30 * 24 * 3_600_000;

const flags: { readonly [Key in keyof Settings]: Flag<Settings[Key]> } = {
  xdsAddress: {
    name: 'xds-address',
    value: 'HOST:PORT',
    fallback: '0.0.0.0:5678',
    parse: parseAddress,
    help: 'Where Envoy gets its configuration (xDS over gRPC).',
  },
  apiAddress: {
    name: 'api-address',
    value: 'HOST:PORT',
    fallback: '0.0.0.0:8000',
    parse: parseAddress,
    help: 'Where the REST API listens.',
  },
  apiHosts: {
    name: 'api-host',
    value: 'NAMES',
    fallback: '',
    parse: (text) => (text === '' ? [] : parseHostNames(text)),
    help: 'Names by which the REST API may be called, separated by commas.',
  },
  tlsCert: {
    name: 'tls-cert',
    value: 'FILE',
    fallback: '',
    parse: parsePath,
    help: 'Certificate, with its chain, in PEM: xDS and API are served with TLS. Unset: without.',
  },
  tlsKey: {
    name: 'tls-key',
    value: 'FILE',
    fallback: '',
    parse: parsePath,
    help: 'The private key of --tls-cert, in PEM. The files may be replaced while this runs.',
  },
  tlsClientCa: {
    name: 'tls-client-ca',
    value: 'FILE',
    fallback: '',
    parse: parsePath,
    help: 'CAs in PEM: an Envoy must have a certificate of theirs to get its configuration.',
  },
  tlsPorts: {
    name: 'tls-ports',
    value: 'PORTS',
    fallback: 'xds,api',
    parse: parseTlsPorts,
    help: 'Which ports have TLS: xds,api or one of them.',
  },
  xdsSecrets: {
    name: 'xds-secrets',
    value: 'CLIENTS',
    fallback: 'private',
    parse: (text) => parseChoice(text, secretsFor),
    help: 'Which Envoys get passwords and private keys: private, those with TLS or on loopback; or any.',
  },
  dnsServers: {
    name: 'dns-servers',
    value: 'ADDRESSES',
    fallback: '',
    parse: (text) => (text === '' ? [] : text.split(',').map((each) => formatAddress(parseIpAndPort(each.trim())))),
    help: 'Name servers for host names of clusters with resolve: controlplane. Unset: those of this host.',
  },
  dataDir: {
    name: 'data-dir',
    value: 'DIR',
    fallback: './data',
    parse: parsePath,
    help: 'Where the state is kept; made when missing. Empty (--data-dir=) keeps nothing.',
  },
  secretKeyFile: {
    name: 'secret-key-file',
    value: 'FILE',
    fallback: '',
    parse: (text) => (text === '' ? undefined : text),
    help: 'The key that opens all secrets; made with the first. Unset: secret.key in the --data-dir.',
  },
  redisListener: {
    name: 'redis-listener',
    value: 'IP:PORT',
    fallback: '0.0.0.0:6379',
    parse: parseIpAndPort,
    help: 'Where each Envoy that takes its listeners from here binds the Redis listener.',
  },
  redisEmptyListener: {
    name: 'redis-empty-listener',
    value: 'IP:PORT',
    fallback: '127.0.0.1:12712',
    parse: parseLoopback,
    help: 'Where each such Envoy answers "no upstream host" in place of clusters without servers; loopback.',
  },
  redisCatchAll: {
    name: 'redis-catch-all',
    value: 'CLUSTER',
    fallback: '',
    parse: (text) => (text === '' ? undefined : parseName(text)),
    help: 'The cluster for keys that no prefix matches. Unset: the only cluster, when there is exactly one.',
  },
  redisDeny: {
    name: 'redis-deny',
    value: 'COMMANDS',
    fallback: '',
    parse: parseDeniedCommands,
    help: 'Redis commands that these Envoys (v3) refuse, as select,watch,flushall. Unset: none.',
  },
  xdsClusterName: {
    name: 'xds-cluster-name',
    value: 'NAME',
    fallback: 'xds_cluster',
    parse: parseName,
    help: "What Envoy's bootstrap calls the cluster that leads here.",
  },
  drainTimeMs: {
    name: 'drain-time',
    value: 'DURATION',
    fallback: '600s',
    parse: (text) => parseDuration(text, maxDrainTimeMs),
    help: 'How long a removed cluster stays for connections that still use it, as 500ms, 10s, 1m; 0 is off.',
  },
  goneTimeMs: {
    name: 'gone-time',
    value: 'DURATION',
    fallback: '10m',
    parse: (text) => parseDuration(text, maxGoneTimeMs),
    help: 'How long an Envoy that went is missed by status and commit --wait; 0 is off.',
  },
  guardShare: {
    name: 'guard-share',
    value: 'PERCENT',
    fallback: '50%',
    parse: parseShare,
    help: 'What part of all clusters, or endpoints, a commit may take unless it is forced; 100% is all.',
  },
  keptRevisions: {
    name: 'keep-revisions',
    value: 'NUMBER',
    fallback: '1000',
    parse: parseCount,
    help: 'How many revisions are kept for history and rollback.',
  },
  logLevel: {
    name: 'log-level',
    value: 'LEVEL',
    fallback: 'info',
    parse: (text) => parseChoice(text, logLevels),
    help: `The least severe level that is logged: ${logLevels.join(', ')}.`,
  },
  logFormat: {
    name: 'log-format',
    value: 'FORMAT',
    fallback: '',
    parse: (text) => (text === '' ? undefined : parseChoice(text, logFormats)),
    help: `How it is logged: ${logFormats.join(' or ')}. Unset: pretty on a terminal, JSON lines otherwise.`,
  },
};

const variablePrefix = 'CONTROLPLANE_';

// Who exports them for the commands may start the daemon in the same shell.
const variablesOfCommands = ['CONTROLPLANE_API_CA', 'CONTROLPLANE_AUTHOR', 'CONTROLPLANE_CONFIG'] as const;

const allFlags: readonly Flag<unknown>[] = Object.values(flags);
const takesValue: ReadonlyMap<string, boolean> = new Map([
  ...allFlags.map(({ name }) => [name, true] as const),
  ...['help', 'h', 'version'].map((name) => [name, false] as const),
]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the command line (without node and script) as {@link readArguments} does, and the environment. Flags win over
 * the environment, and a variable that is set but empty counts as set.
 * @param commandsHelp a line for each command there is, for the help text.
 * @throws UsageError
 */
export function parseSettings(argv: readonly string[], env: Environment, commandsHelp = ''): Settings | Printout {
  const given = readArguments(argv, takesValue);
  if (given.has('help') || given.has('h')) return { print: renderHelp(commandsHelp) };
  if (given.has('version')) return { print: `controlplane ${readVersion()}\n` };
  const entries = Object.entries<Flag<unknown>>(flags).map(([key, flag]) => [key, readFlag(flag, given, env)]);
  const settings = Object.fromEntries(entries) as unknown as Settings;
  requireOtherPort(settings);
  requireWholeTls(settings);
  return settings;
}

/**
 * The variables that look like settings but are none, sorted, for a warning at the start: a typo in a unit file must
 * not pass silently. No error, since Kubernetes sets CONTROLPLANE_SERVICE_HOST and its like in each pod of a namespace
 * that has a service called controlplane.
 */
export function findUnknownVariables(env: Environment): string[] {
  const known = new Set([...allFlags.map(({ name }) => variableOf(name)), ...variablesOfCommands]);
  return Object.keys(env).filter((name) => name.startsWith(variablePrefix) && !known.has(name)).sort();
}

function readFlag<T>(flag: Flag<T>, given: ReadonlyMap<string, string>, env: Environment): T {
  const variable = variableOf(flag.name);
  const text = given.get(flag.name) ?? env[variable] ?? flag.fallback;
  return parseValue(given.has(flag.name) ? `--${flag.name}` : variable, text, flag.parse);
}

// On the same port the Redis listener, if it has all addresses, would take what is meant for the other: a loop.
function requireOtherPort({ redisListener, redisEmptyListener }: Settings): void {
  if (redisListener.port !== redisEmptyListener.port) return;
  const text = formatAddress(redisEmptyListener);
  throw new UsageError(`--redis-empty-listener ${JSON.stringify(text)}: must have another port than --redis-listener`);
}

function requireWholeTls({ tlsCert, tlsKey, tlsClientCa, tlsPorts: ports }: Settings): void {
  const need = (flag: string, path: string | undefined, isThere: boolean, rule: string): void => {
    if (path !== undefined && !isThere) throw new UsageError(`--${flag} ${JSON.stringify(path)}: ${rule}`);
  };
  need('tls-cert', tlsCert, tlsKey !== undefined, 'its key must be given too, by --tls-key');
  need('tls-key', tlsKey, tlsCert !== undefined, 'its certificate must be given too, by --tls-cert');
  need('tls-client-ca', tlsClientCa, tlsCert !== undefined, 'must have --tls-cert and --tls-key beside it');
  need('tls-client-ca', tlsClientCa, ports.includes('xds'), 'must have xds among --tls-ports');
}

function variableOf(flagName: string): string {
  return variablePrefix + flagName.toUpperCase().replaceAll('-', '_');
}

function parseLoopback(text: string): Address {
  const address = parseIpAndPort(text);
  if (!isLoopback(address.host) || address.port === 0) throw new Error('must be a loopback address and a port above 0');
  return address;
}

function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
  return choice;
}

function parsePath(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function parseTlsPorts(text: string): TlsPortName[] {
  const names = text.split(',').map((name) => name.trim());
  if (new Set(names).size < names.length) throw new Error('must name a port once');
  return names.map((name) => parseChoice(name, tlsPorts));
}

function parseShare(text: string): number {
  const percent = /^(\d{1,3})%$/u.exec(text)?.[1];
  if (percent === undefined || Number(percent) > 100) throw new Error('must be 0% to 100%');
  return Number(percent) / 100;
}

function parseCount(text: string): number {
  const count = /^\d{1,6}$/u.test(text) ? Number(text) : 0;
  if (count < 1 || count > maxKeptRevisions) throw new Error(`must be a whole number from 1 to ${maxKeptRevisions}`);
  return count;
}

function parseHostNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (!names.every(isHostName)) throw new Error('must be host names separated by commas, without ports');
  return names;
}

function parseName(text: string): string {
  if (text === '') throw new Error('must not be empty');
  if (/\p{Cc}/u.test(text)) throw new Error('must hold no control characters');
  return text;
}

function readVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

function renderHelp(commandsHelp: string): string {
  return `Usage: controlplane [flags]
       controlplane COMMAND [flags]

A control plane for Redis behind Envoy: REST in, xDS out. Runs in the foreground until it is stopped.
With a command it asks the one that runs:

${commandsHelp}
"controlplane COMMAND --help" tells more. Without a command:

${allFlags.map(renderFlag).join('')}  --version
        Prints the version.
  --help
        Prints this text.

One dash or two, "--flag value" or "--flag=value"; the last one wins. Every flag can be set in the
environment too (${variableOf('xds-address')} for --xds-address); a flag wins over its variable.
`;
}

function renderFlag({ name, value, fallback, help }: Flag<unknown>): string {
  const standing = fallback === '' ? '' : `        Default: ${fallback}\n`;
  return `  --${name} ${value}\n        ${help}\n${standing}`;
}
