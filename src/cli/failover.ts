// `controlplane failover`: what was promoted, and whether the control plane may promote by itself.

import type { Command } from 'commander';

import type { FailoverAnswerMessage, FailoversMessage } from '../api/v2/messages.ts';
import { exitCodes } from '../process/failure.ts';
import { pathOf } from './api-client.ts';
import { askApi } from './api-request.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { printAnswer } from './output.ts';
import { toPrintable } from './printable.ts';
import { renderPromotion } from './promotion-report.ts';

type Verb = 'pause' | 'resume' | 'ack';

const descriptions: Readonly<Record<Verb, string>> = {
  pause: 'From now on the control plane promotes no server of a cluster by itself. switchover and promote still do.',
  resume: 'Takes back a pause.',
  ack: `Says that somebody has looked at the last failover of a cluster: the next one may follow at once, and not only \
when its cool-down is over.`,
};

const done: Readonly<Record<Verb, readonly [done: string, already: string]>> = {
  pause: ['paused', 'it was paused already'],
  resume: ['resumed', 'it was not paused'],
  ack: ['acknowledged', 'there is nothing to acknowledge'],
};

const exitCode = "Exit code: 0 done; 1 refused, or the control plane can't be reached; 2 usage.";

export function buildFailover(context: Context): Command {
  const command = defineCommand(context, 'failover').description(
    'What was promoted, and whether the control plane may promote servers by itself.',
  );
  command.addCommand(buildList(context));
  for (const verb of ['pause', 'resume', 'ack'] as const) command.addCommand(buildVerb(context, verb));
  return command;
}

function buildVerb(context: Context, verb: Verb): Command {
  return define(context, verb, descriptions[verb], [`failover ${verb} sessions`])
    .argument('<CLUSTER>')
    .addOption(authorOption())
    .action(async (cluster: string, values: CommonValues) => {
      const { api, format } = await open(context, values);
      const path = `${pathOf('clusters', cluster)}/failover`;
      const call = api.changeCall({ method: 'POST', path, body: { action: verb } });
      const answer = await askApi<FailoverAnswerMessage>(call);
      const [changed, already] = done[verb];
      await printAnswer(context, format, answer, () => [
        toPrintable(`cluster ${cluster}: failover: ${answer.changed ? changed : already}`),
      ]);
      context.exitCode = exitCodes.ok;
    });
}

function buildList(context: Context): Command {
  const description = 'Shows the last promotions of all clusters, or of one, step by step, and what is paused.';
  return define(context, 'list', description, ['failover list', 'failover list sessions -o json'])
    .usage('[CLUSTER] [options]')
    .argument('[CLUSTER]')
    .action(async (cluster: string | undefined, values: CommonValues) => {
      const { api, format } = await open(context, values);
      const answer = await api.get<FailoversMessage>('failovers', { cluster });
      await printAnswer(context, format, answer, () => renderList(answer));
      context.exitCode = exitCodes.ok;
    });
}

function define(context: Context, verb: string, description: string, examples: readonly string[]): Command {
  return defineCommand(context, verb)
    .description(description)
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(examples, exitCode));
}

function renderList({ promotions, clusters }: FailoversMessage): string[] {
  const held = clusters.flatMap(({ cluster, paused_by: by, cooldown_until: until }) => [
    ...(by === null ? [] : [`cluster ${cluster}: failover is paused by ${by}`]),
    ...(until === null ? [] : [`cluster ${cluster}: no failover before ${until}, unless it is acknowledged`]),
  ]);
  if (promotions.length === 0 && held.length === 0) return ['nothing was promoted'];
  return [...held.map(toPrintable), ...promotions.flatMap(renderPromotion)];
}
