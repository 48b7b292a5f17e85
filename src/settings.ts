// Flags and environment in, settings out. `flags` is the one list of what can be set:
// names, defaults, rules and the help text all come from it.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseAddress, parseIpAndPort } from './address.ts';
import type { Address } from './address.ts';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const logFormats = ['pretty', 'json'] as const;

export type LogLevel = (typeof logLevels)[number];
export type LogFormat = (typeof logFormats)[number];

/** What the daemon runs with; every value is checked. */
export interface Settings {
  /** Where xDS is served. */
  readonly xdsAddress: Address;
  /** Where REST is served. */
  readonly apiAddress: Address;
  /** The directory that keeps the state, relative to the working directory; undefined keeps nothing. */
  readonly dataDir: string | undefined;
  /** Where Envoy binds the listener that LDS gives it; the host is an IP address. */
  readonly redisListener: Address;
  /** The cluster for keys that no prefix matches; undefined means the only cluster when there is exactly one. */
  readonly redisCatchAll: string | undefined;
  /** What Envoy's bootstrap calls the cluster that leads to this control plane. */
  readonly xdsClusterName: string;
  readonly logLevel: LogLevel;
  /** Undefined means pretty on a terminal and JSON lines otherwise. */
  readonly logFormat: LogFormat | undefined;
}

/** A request for text instead of a run (`--help`, `--version`): print it to stdout and exit 0. */
export interface Printout {
  /** Ends in a newline. */
  readonly print: string;
}

/** A flag or variable that can't be used. `message` is one line: where the value came from, the value, the rule. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
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
  dataDir: {
    name: 'data-dir',
    value: 'DIR',
    fallback: './data',
    parse: (text) => (text === '' ? undefined : text),
    help: 'Where the state is kept; made when missing. Empty (--data-dir=) keeps nothing.',
  },
  redisListener: {
    name: 'redis-listener',
    value: 'IP:PORT',
    fallback: '0.0.0.0:6379',
    parse: parseIpAndPort,
    help: 'Where each Envoy that takes its listeners from here binds the Redis listener.',
  },
  redisCatchAll: {
    name: 'redis-catch-all',
    value: 'CLUSTER',
    fallback: '',
    parse: (text) => (text === '' ? undefined : parseName(text)),
    help: 'The cluster for keys that no prefix matches. Unset: the only cluster, when there is exactly one.',
  },
  xdsClusterName: {
    name: 'xds-cluster-name',
    value: 'NAME',
    fallback: 'xds_cluster',
    parse: parseName,
    help: "What Envoy's bootstrap calls the cluster that leads here.",
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
const allFlags: readonly Flag<unknown>[] = Object.values(flags);
const valuelessFlags = ['help', 'h', 'version'];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the command line (without node and script) and the environment. As Go's flag package does it: one dash or
 * two, `-flag value` or `-flag=value`, the last one wins, a value may be empty or begin with a dash. Flags win over
 * the environment, and a variable that is set but empty counts as set. Throws {@link SettingsError}.
 */
export function parseSettings(argv: readonly string[], env: Environment): Settings | Printout {
  const given = readArguments(argv);
  if (given.has('help') || given.has('h')) return { print: renderHelp() };
  if (given.has('version')) return { print: `controlplane ${readVersion()}\n` };
  const settings = Object.entries<Flag<unknown>>(flags).map(([key, flag]) => [key, readFlag(flag, given, env)]);
  return Object.fromEntries(settings) as unknown as Settings;
}

/**
 * The variables that look like settings but are none, sorted, for a warning at the start: a typo in a unit file must
 * not pass silently. No error, since Kubernetes sets CONTROLPLANE_SERVICE_HOST and its like in each pod of a namespace
 * that has a service called controlplane.
 */
export function findUnknownVariables(env: Environment): string[] {
  const known = new Set(allFlags.map(({ name }) => variableOf(name)));
  return Object.keys(env).filter((name) => name.startsWith(variablePrefix) && !known.has(name)).sort();
}

/** Flag names with the values they were given, '' for a flag that takes none. */
function readArguments(argv: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  const takesValue = new Map(allFlags.map(({ name }) => [name, true]));
  for (const name of valuelessFlags) takesValue.set(name, false);
  for (const token of tokenize(argv, takesValue)) {
    if (token.kind === 'option-terminator') continue;
    const written = JSON.stringify(argv[token.index]);
    if (token.kind === 'positional') throw new SettingsError(`${written}: only flags are taken, see --help`);
    if (!takesValue.has(token.name)) throw new SettingsError(`${written}: no such flag, see --help`);
    // A value of its own is taken from argv, where its leading dash is as it was written.
    const value = token.inlineValue === false ? argv[token.index + 1] : token.value;
    if (takesValue.get(token.name) !== (value !== undefined)) {
      throw new SettingsError(`${written}: ${value === undefined ? 'a value must follow' : 'takes no value'}`);
    }
    given.set(token.name, value ?? '');
  }
  return given;
}

/** Splits as parseArgs does, for which every flag has two dashes. */
function tokenize(argv: readonly string[], takesValue: ReadonlyMap<string, boolean>) {
  const args = argv.map((arg) => arg.replace(/^-(?=[^-])/, '--'));
  const types = Array.from(takesValue, ([name, takes]) => [name, { type: takes ? 'string' : 'boolean' }] as const);
  return parseArgs({ args, options: Object.fromEntries(types), strict: false, tokens: true }).tokens;
}

function readFlag<T>(flag: Flag<T>, given: ReadonlyMap<string, string>, env: Environment): T {
  const variable = variableOf(flag.name);
  const text = given.get(flag.name) ?? env[variable] ?? flag.fallback;
  try {
    return flag.parse(text);
  } catch (error) {
    const source = given.has(flag.name) ? `--${flag.name}` : variable;
    throw new SettingsError(`${source} ${JSON.stringify(text)}: ${(error as Error).message}`, { cause: error });
  }
}

function variableOf(flagName: string): string {
  return variablePrefix + flagName.toUpperCase().replaceAll('-', '_');
}

function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
  return choice;
}

function parseName(text: string): string {
  if (text === '') throw new Error('must not be empty');
  if (/\p{Cc}/u.test(text)) throw new Error('must hold no control characters');
  return text;
}

function readVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

function renderHelp(): string {
  return `Usage: controlplane [flags]

A control plane for Redis behind Envoy: REST in, xDS out. Runs in the foreground until it is stopped.

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
