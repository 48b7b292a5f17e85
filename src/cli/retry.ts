// `controlplane retry`: what Envoys rejected is sent to them once more.

import type { Command } from 'commander';

import { maxWaitMs } from '../api/v2/messages.ts';
import type { RetryMessage } from '../api/v2/messages.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { exitCodes } from '../process/failure.ts';
import { askApi } from './api-request.ts';
import { idleMs } from './api-client.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, option } from './define.ts';
import { printAnswer } from './output.ts';
import { renderRetry } from './retry-report.ts';

const description = `Sends what an Envoy rejected once more, after the fault was mended on its side, as a port that \
another program held. With NODE, a node id, to that Envoy alone; else to all that rejected something. Nobody else is \
sent anything. Prints who was sent what, and how it ended.`;

const exitCode = `\
Exit code: 0 they have taken it, or nobody had rejected anything; 3 some have rejected it again, not answered in time or
gone; 1 no such Envoy is connected, or the control plane can't be reached; 2 usage.`;

const waitHelp = 'How long to wait for their answers at most, as 500ms, 10s, 1m; up to 10m. Default: 5s';
const defaultWaitMs = 5_000;

type Values = CommonValues & { readonly wait?: number };

export function buildRetry(context: Context): Command {
  return defineCommand(context, 'retry')
    .usage('[NODE] [options]')
    .description(description)
    .argument('[NODE]')
    .addOption(option('--wait <DURATION>', waitHelp, (text) => parseDuration(text, maxWaitMs)))
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['retry', 'retry envoy-2 --wait 10s'], exitCode))
    .action((node: string | undefined, values: Values) => retry(context, node, values));
}

async function retry(context: Context, node: string | undefined, values: Values): Promise<void> {
  const { api, format } = await open(context, values);
  const waitMs = values.wait ?? defaultWaitMs;
  const query = { wait: formatDuration(waitMs), node };
  const call = api.changeCall({ method: 'POST', path: 'retry', query });
  const answer = await askApi<RetryMessage>({ ...call, idleMs: waitMs + idleMs });
  await printAnswer(context, format, answer, () => renderRetry(answer).trimEnd().split('\n'));
  const isInSync = answer.not_in_sync.length === 0 && answer.gone.length === 0;
  context.exitCode = isInSync ? exitCodes.ok : exitCodes.notInSync;
}
