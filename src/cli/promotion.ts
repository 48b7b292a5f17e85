// `controlplane switchover` and `promote`: another server of a replicated cluster becomes its primary, now.

import type { Command } from 'commander';

import type { FailoverAnswerMessage } from '../api/v2/messages.ts';
import { formatAddress, parseServerAddress } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';
import { Failure, UsageError, exitCodes } from '../process/failure.ts';
import { idleMs, pathOf } from './api-client.ts';
import { askApi } from './api-request.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, option } from './define.ts';
import { printAnswer } from './output.ts';
import { ProgressLine } from './progress.ts';
import { renderPlan, renderPromotion } from './promotion-report.ts';

interface Values extends CommonValues {
  readonly to?: string;
  readonly force?: true;
  readonly dryRun?: true;
}

// Sentinels take their time, and a step is told only when it is begun.
const stepMs = 90_000;

const exitCode = `\
Exit code: 0 done, or a dry run of what would be; 3 done, but a server does not follow the new primary yet: nothing is
sent to it; 1 refused or given up, or the control plane can't be reached; 2 usage.`;

const switchoverText = `Makes another server of a replicated cluster its primary, at once and without a commit, and \
loses no write: writes wait on the old primary until the new one has all of them and every Envoy is given it; those that \
still wait then are refused, and not executed. Where Sentinels watch, one of them is told to fail over. The old \
primary follows the new one.`;

const promoteText = `Gives up the primary of a replicated cluster and promotes the server that is named, at once and \
without a commit: for when the primary is lost. It is taken from every Envoy first. What the new one had not heard of \
is lost; the old one is made to follow it when it is back, and nothing is sent to it before.`;

export function buildSwitchover(context: Context): Command {
  const toHelp = 'Who takes the writes then. Default: the best candidate';
  const examples = ['switchover sessions', 'switchover sessions --to 10.0.0.2:6379'];
  return define(context, 'switchover', switchoverText, examples)
    .argument('<CLUSTER>')
    .addOption(option('--to <ADDRESS:PORT>', toHelp, (text) => formatAddress(parseServerAddress(text))))
    .action((cluster: string, values: Values) => run(context, 'switchover', cluster, values.to, values));
}

export function buildPromote(context: Context): Command {
  return define(context, 'promote', promoteText, ['promote sessions 10.0.0.2:6379 --dry-run'])
    .argument('<CLUSTER>')
    .argument('<ADDRESS:PORT>')
    .action((cluster: string, text: string, values: Values) => {
      const to = formatAddress(parseValue('ADDRESS:PORT', text, parseServerAddress));
      return run(context, 'promote', cluster, to, values);
    });
}

function define(context: Context, name: string, description: string, examples: readonly string[]): Command {
  return defineCommand(context, name)
    .description(description)
    .addOption(option('--force', 'Also what the rules exclude: what the new one lacks is lost.'))
    .addOption(option('--dry-run', 'Only says who would be promoted, what it lacks, and why it would be refused.'))
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(examples, exitCode));
}

async function run(
  context: Context,
  action: 'switchover' | 'promote',
  cluster: string,
  to: string | undefined,
  { force, dryRun, ...values }: Values,
): Promise<void> {
  const { api, format } = await open(context, values);
  const call = api.changeCall({
    method: 'POST',
    path: `${pathOf('clusters', cluster)}/failover`,
    body: { action, to, force, dry_run: dryRun },
  });
  const line = new ProgressLine(context.stderr);
  let step: string | undefined;
  try {
    const answer = await askApi<FailoverAnswerMessage>({ ...call, idleMs: idleMs + stepMs }, (progress) => {
      step = progress.step;
      line.show(`${progress.step ?? ''}: ${progress.detail ?? ''}`);
    }).finally(() => line.clear());
    await printAnswer(context, format, answer, () => render(cluster, answer));
    context.exitCode = exitCodeOf(answer);
  } catch (error) {
    if (step === undefined || !(error instanceof Failure) || error instanceof UsageError) throw error;
    const what = `${action} was at ${step}, and goes on without being watched`;
    throw new Failure(`${what}: ${error.message}`, exitCodes.notInSync);
  }
}

function render(cluster: string, { promotion, plan }: FailoverAnswerMessage): string[] {
  if (promotion !== null) return renderPromotion(promotion);
  return plan === null ? [] : renderPlan(cluster, plan);
}

function exitCodeOf({ promotion, plan }: FailoverAnswerMessage): number {
  if (promotion === null) return plan === null || plan.refusal === null ? exitCodes.ok : exitCodes.failure;
  if (promotion.step !== 'done') return exitCodes.failure;
  return promotion.pending.length === 0 ? exitCodes.ok : exitCodes.notInSync;
}
