// Which commands are answered as Redis itself answers them, and what comes instead: each one is sent to a Redis server
// and through Envoy, over the same data.

import type { Scope } from '../../test/support/child-process.ts';
import { startRedis } from '../../test/support/redis-server.ts';
import type { RedisServer } from '../../test/support/redis-server.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import type { RespClient } from '../../test/support/resp-client.ts';
import { commandName, data, keyedCommands, keylessCommands, varying } from './command-examples.ts';
import { startSetting } from './setting.ts';
import type { SettingOptions } from './setting.ts';

/** What comes of a command: `same`, `different`, or the error that Envoy answers instead. */
export type Outcome = 'same' | 'different' | { readonly error: string };

/** Commands with the same outcome in each setting, in the order of the settings. */
export interface CommandRow {
  readonly commands: readonly string[];
  readonly outcomes: readonly Outcome[];
}

/** Servers and the prefixes of the keys that belong into them. */
type Place = readonly (readonly [prefix: string, server: RedisServer])[];

export interface CommandTables {
  /** One cluster; several with a catch-all; several without; a `tcp` listener. */
  readonly keyed: readonly CommandRow[];
  /** The same settings. */
  readonly keyless: readonly CommandRow[];
  /** What Envoy 1.36 answers otherwise than 1.40, one cluster: 1.40, 1.36. */
  readonly older: readonly CommandRow[];
}

/** Tries every command in every setting. Throws when Redis itself refuses one, which would be a mistake in the list. */
export async function measureCommands(scope: Scope): Promise<CommandTables> {
  const [bunny, hare] = [await startRedis(scope), await startRedis(scope)];
  const one: Place = [['', bunny]];
  const several: Place = [['b:', bunny], ['h:', hare]];
  const oneCluster: SettingOptions = { clusters: { bunny: ['b:', bunny] } };
  const clusters: SettingOptions['clusters'] = { bunny: ['b:', bunny], hare: ['h:', hare] };
  const commands = [...keyedCommands, ...keylessCommands];
  const expected = await askRedis(scope, commands);
  const attempt = async (options: SettingOptions, place: Place): Promise<Outcome[]> =>
    judge(commands, expected, await askAll(commands, place, (await startSetting(scope, options)).connect));

  const now = await attempt(oneCluster, one);
  const withCatchAll = await attempt({ clusters, catchAll: 'bunny' }, several);
  const without = await attempt({ clusters }, several);
  const tcp = await attempt({ ...oneCluster, tcp: 'bunny' }, one);
  const before = await attempt({ ...oneCluster, version: '1.36.2' }, one);

  const settings = [now, withCatchAll, without, tcp];
  const rowsOf = (from: number, to: number): CommandRow[] =>
    groupByOutcomes(commands.slice(from, to), settings.map((outcomes) => outcomes.slice(from, to)));
  const isChanged = (index: number): boolean => JSON.stringify(now[index]) !== JSON.stringify(before[index]);
  const pick = <T>(all: readonly T[]): T[] => all.filter((_, index) => isChanged(index));
  return {
    keyed: rowsOf(0, keyedCommands.length),
    keyless: rowsOf(keyedCommands.length, commands.length),
    older: groupByOutcomes(pick(commands), [pick(now), pick(before)]),
  };
}

async function askRedis(scope: Scope, commands: readonly string[]): Promise<string[]> {
  const server = await startRedis(scope);
  const replies = await askAll(commands, [['', server]], () => connectRedis(scope, server.port));
  for (const [index, reply] of replies.entries()) {
    if (isError(reply)) throw new Error(`${commands[index]}: Redis answers ${reply}`);
  }
  return replies;
}

/** The reply to each command, each on a connection of its own and over the same data. */
async function askAll(
  commands: readonly string[],
  place: Place,
  connect: () => Promise<RespClient>,
): Promise<string[]> {
  const replies: string[] = [];
  for (const command of commands) {
    for (const [prefix, { direct }] of place) {
      await direct.ask('FLUSHALL');
      for (const words of data) if (words.some((word) => word.startsWith(prefix))) await direct.ask(...words);
    }
    const client = await connect();
    replies.push(await client.ask(...command.split(' ')));
    client.close();
  }
  return replies;
}

function judge(commands: readonly string[], expected: readonly string[], replies: readonly string[]): Outcome[] {
  return commands.map((command, index) => {
    const [wanted, reply] = [expected[index]!, replies[index]!];
    if (isError(reply)) return { error: describeError(reply) };
    const look = varying.has(commandName(command)) ? kindOf : sortLines;
    return look(reply) === look(wanted) ? 'same' : 'different';
  });
}

function groupByOutcomes(commands: readonly string[], settings: readonly (readonly Outcome[])[]): CommandRow[] {
  const rows = new Map<string, { commands: string[]; outcomes: Outcome[] }>();
  for (const [index, command] of commands.entries()) {
    const outcomes = settings.map((setting) => setting[index]!);
    const key = JSON.stringify(outcomes);
    const row = rows.get(key) ?? { commands: [], outcomes };
    if (!row.commands.includes(commandName(command))) row.commands.push(commandName(command));
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => rankOf(a.outcomes) - rankOf(b.outcomes));
}

/** What works everywhere first, what works nowhere last. */
function rankOf(outcomes: readonly Outcome[]): number {
  return outcomes.filter((outcome) => outcome !== 'same').length;
}

function isError(reply: string): boolean {
  return reply.startsWith('(error) ');
}

// An error repeats the command that it is about.
function describeError(reply: string): string {
  return reply
    .replace('(error) ', '')
    .replace(/^(ERR unknown command) '.*$/s, "$1 'X', with args beginning with: ...")
    .replace(/(CLIENT subcommand) '[^']*'/, "$1 'X'")
    .replace(/(arguments for) '[^']*'/, "$1 'X'");
}

function kindOf(reply: string): string {
  if (reply.startsWith('"')) return 'text';
  return /^(?:\(\w+|1\))/.exec(reply)?.[0] ?? 'status';
}

// Redis keeps sets and keys in no order.
function sortLines(reply: string): string {
  return reply.split('\n').map((line) => line.replace(/^(?: *\d+\) )+/, '')).toSorted().join('\n');
}
