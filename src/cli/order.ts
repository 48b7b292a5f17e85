// `controlplane drain`, `undrain`, `disable` and `enable`: what is to happen with one server now.

import type { Command } from 'commander';

import type { AwaitedOrderMessage, OrderedMessage } from '../api/v2/messages.ts';
import { maxWaitMs } from '../api/v2/messages.ts';
import { formatAddress, parseServerAddress } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';
import { Failure, UsageError, exitCodes } from '../process/failure.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { idleMs, pathOf } from './api-client.ts';
import { askApi } from './api-request.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, option } from './define.ts';
import { expectationOptions, expectationQuery } from './expectation-flags.ts';
import type { ExpectationValues } from './expectation-flags.ts';
import { renderOrdered } from './order-report.ts';
import { printAnswer } from './output.ts';
import { ProgressLine } from './progress.ts';

type Verb = 'drain' | 'undrain' | 'disable' | 'enable';

interface Values extends CommonValues, ExpectationValues {
  readonly for?: number;
  readonly message?: string;
  readonly force?: true;
  /** Of commander: false where --no-wait is given. */
  readonly wait?: number | false;
}

const defaultWaitMs = 60_000;
const maxForMs = 30 * 24 * 3_600_000;

const ends = 'Ends when every Envoy has taken it, or when the time is up.';

const descriptions: Readonly<Record<Verb, string>> = {
  drain: `Takes a server of a committed cluster out of what Envoys are given, at once and without a commit: they send \
it no new command. Ends when every Envoy has taken it and the server has answered what it was asked before, or when \
the time is up; the order stays in force. What is staged is not touched. Connections through TCP listeners stay for as \
long as their clients do.`,
  undrain: `Takes back a drain, at once and without a commit. ${ends}`,
  disable: `Takes a server of a committed cluster out of what Envoys are given, at once and without a commit, until it \
is enabled again: for one that is broken. ${ends}`,
  enable: `Takes back a disable, at once and without a commit. ${ends}`,
};

const exitCode = `\
Exit code: 0 done; 3 it is in force, but some Envoy has not taken it, or the server still has commands to answer, or
that can't be seen; 1 refused, or the control plane can't be reached; 2 usage.`;

export const buildDrain = (context: Context): Command => build(context, 'drain');
export const buildUndrain = (context: Context): Command => build(context, 'undrain');
export const buildDisable = (context: Context): Command => build(context, 'disable');
export const buildEnable = (context: Context): Command => build(context, 'enable');

function build(context: Context, verb: Verb): Command {
  const isStanding = verb === 'drain' || verb === 'disable';
  const command = defineCommand(context, verb)
    .description(descriptions[verb])
    .argument('<CLUSTER>')
    .argument('<ADDRESS:PORT>');
  if (isStanding) {
    const forHelp = 'How long it stands, as 30s, 10m, 2h; up to 720h. Default: until it is taken back';
    const parseFor = (text: string): number => parsePositive(text, maxForMs);
    command
      .addOption(option('--for <DURATION>', forHelp, parseFor))
      .addOption(option('--force', 'Also where the server is missed: it is the last one, or the primary.'));
  }
  const parseWait = (text: string): number => parsePositive(text, maxWaitMs);
  const examples = [`${verb} sessions 10.0.0.1:6379${verb === 'drain' ? ' --for 10m -m "new memory"' : ''}`];
  command
    .addOption(option('-m, --message <TEXT>', 'What for, for who reads of it.'))
    .addOption(option('--wait <DURATION>', 'How long to wait at most; up to 10m. Default: 1m', parseWait))
    .addOption(option('--no-wait', 'Ends as soon as it is in force.'));
  for (const each of expectationOptions()) command.addOption(each);
  return command
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(examples, exitCode))
    .action((cluster: string, server: string, values: Values) => give(context, verb, cluster, server, values));
}

function parsePositive(text: string, maxMs: number): number {
  const ms = parseDuration(text, maxMs);
  if (ms === 0) throw new Error('must be above 0');
  return ms;
}

async function give(context: Context, verb: Verb, cluster: string, text: string, values: Values): Promise<void> {
  const server = formatAddress(parseValue('ADDRESS:PORT', text, parseServerAddress));
  const { for: forMs, message, force } = values;
  const waitMs = values.wait === false ? undefined : typeof values.wait === 'number' ? values.wait : defaultWaitMs;
  const { api, format } = await open(context, values);
  const call = api.changeCall({
    method: 'POST',
    path: `${pathOf('clusters', cluster, 'endpoints', server)}/orders`,
    query: waitMs === undefined ? {} : { wait: formatDuration(waitMs), ...expectationQuery(values) },
    body: { order: verb, for: forMs === undefined ? undefined : formatDuration(forMs), message, force },
  });
  const line = new ProgressLine(context.stderr);
  // Progress is told of what is in force.
  let isInForce = false;
  try {
    const patient = { ...call, idleMs: idleMs + (waitMs ?? 0) };
    const answer = await askApi<OrderedMessage | AwaitedOrderMessage>(patient, ({ settled, total, in_use: inUse }) => {
      isInForce = true;
      if (inUse === 0) line.show(`${server} does not answer`);
      else if (inUse !== undefined) line.show(`connections of Envoys in use at ${server}: ${inUse}`);
      else if (total > 0) line.show(`${settled} of ${total} streams have answered`);
    }).finally(() => line.clear());
    await printAnswer(context, format, answer, () => renderOrdered(verb, cluster, server, answer));
    context.exitCode = isDone(verb, answer) ? exitCodes.ok : exitCodes.notInSync;
  } catch (error) {
    if (!isInForce || !(error instanceof Failure) || error instanceof UsageError) throw error;
    throw new Failure(`${verb} is in force, who runs it is not known: ${error.message}`, exitCodes.notInSync);
  }
}

function isDone(verb: Verb, answer: OrderedMessage | AwaitedOrderMessage): boolean {
  if (!('converged' in answer)) return true;
  return answer.converged && (verb !== 'drain' || answer.drained === true);
}
