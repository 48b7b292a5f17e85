// `controlplane complete`: answers a shell's question for completions, as the scripts of @bomb.sh/tab put it.

import tab from '@bomb.sh/tab/commander';
import type { Complete, RootCommand } from '@bomb.sh/tab';
import { Command } from 'commander';

import { parseApiUrl } from './api-address.ts';
import type { ApiFlags } from './api-address.ts';
import { open } from './common-options.ts';
import { noNames, orders, readNames } from './completion-names.ts';
import type { Names } from './completion-names.ts';
import type { Context } from './context.ts';
import { defineCommand } from './define.ts';

// From the start of this process: with the launcher before it a completion takes less than 300 ms.
const deadlineMs = 260;

export function buildComplete(context: Context): Command {
  return defineCommand(context, 'complete')
    .argument('[WORDS...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const [names, program] = await Promise.all([readNamesInTime(context, words), buildProgram(context, words[0])]);
      const completion = tab(program);
      // It adds the command that runs now, which nobody types.
      completion.commands.delete('complete');
      setHandlers(completion, names);
      completion.parse([...words]);
    });
}

/** All commands, and the flags of the one that is being written. */
async function buildProgram(context: Context, written: string | undefined): Promise<Command> {
  const program = new Command('controlplane').helpCommand(false);
  for (const [name, { summary, load }] of context.commands) {
    if (summary === undefined) continue;
    const command = name === written ? (await load())(context) : new Command(name);
    program.addCommand(command.description(summary));
  }
  return program;
}

// Whatever goes wrong, somebody is just typing.
async function readNamesInTime(context: Context, words: readonly string[]): Promise<Names> {
  const signal = AbortSignal.timeout(Math.max(0, Math.floor(deadlineMs - performance.now())));
  try {
    const { api } = await open(context, readApiFlags(words), signal);
    return await readNames(api, words);
  } catch {
    return noNames;
  }
}

function readApiFlags(words: readonly string[]): ApiFlags {
  const api = readFlag(words, /^--?(?:api|server)(?:=|$)/u);
  return { api: api === undefined ? api : parseApiUrl(api), apiCa: readFlag(words, /^--?api-ca(?:=|$)/u) };
}

function readFlag(words: readonly string[], name: RegExp): string | undefined {
  const index = words.findLastIndex((word) => name.test(word));
  if (index < 0) return undefined;
  const [, value = words[index + 1] ?? ''] = /=(.*)$/su.exec(words[index] ?? '') ?? [];
  return value;
}

const verbs = ['get', 'set', 'remove'];

function setHandlers({ commands }: RootCommand, { clusters, listeners, secrets, servers, staged }: Names): void {
  const argument = (command: string, name: string, values: readonly string[]): void => {
    const found = commands.get(command)?.arguments.get(name);
    if (found !== undefined) found.handler = (complete: Complete) => values.forEach((value) => complete(value, ''));
  };
  for (const verb of verbs) {
    argument(`cluster ${verb}`, 'NAME', clusters);
    argument(`listener ${verb}`, 'NAME', listeners);
    argument(`secret ${verb}`, 'NAME', secrets);
    argument(`endpoint ${verb}`, verb === 'get' ? 'ADDRESS:PORT|SHARD' : 'ADDRESS:PORT', servers);
  }
  for (const verb of [...verbs, 'list', 'add']) argument(`endpoint ${verb}`, 'CLUSTER', clusters);
  for (const order of orders) {
    argument(order, 'CLUSTER', clusters);
    argument(order, 'ADDRESS:PORT', servers);
  }
  for (const verb of ['list', 'pause', 'resume', 'ack']) argument(`failover ${verb}`, 'CLUSTER', clusters);
  for (const command of ['switchover', 'promote']) argument(command, 'CLUSTER', clusters);
  argument('promote', 'ADDRESS:PORT', servers);
  const to = commands.get('switchover')?.options.get('to');
  if (to !== undefined) to.handler = (complete: Complete) => servers.forEach((value) => complete(value, ''));
  argument('health', 'CLUSTER', clusters);
  argument('discard', 'NAME', staged);
  for (const command of ['listener add', 'listener set', 'events']) {
    for (const name of ['cluster', 'catch-all']) {
      const option = commands.get(command)?.options.get(name);
      if (option !== undefined)
        option.handler = (complete: Complete) => clusters.forEach((value) => complete(value, ''));
    }
  }
}
