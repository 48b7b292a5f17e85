// `controlplane check`: every declared server is looked at once.

import type { Command } from 'commander';

import { formatDuration, parseDuration } from '../text/duration.ts';
import { exitCodes } from '../process/failure.ts';
import { sendCheck } from './check-call.ts';
import { renderCheck } from './check-report.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { choiceOption, defineCommand, helpEnd, option } from './define.ts';
import { printAnswer } from './output.ts';

const description = `Looks at every server that is declared, or those of one cluster, once: who answers, what it is, and whether that is what it is declared to be. The control plane looks, from its host; nothing is changed.`;

const exitCode = `Exit code: 0 all are fine; 3 some do not answer, or are not what they are declared to be; 1 no such cluster, or the
control plane can't be reached; 2 usage.`;

const maxTimeoutMs = 30_000;
const timeoutHelp = 'For connecting to a server, and again for its answers, as 500ms, 5s; up to 30s. Default: 2s';

type Values = CommonValues & { readonly view?: string; readonly timeout?: number };

export function buildCheck(context: Context): Command {
  return defineCommand(context, 'check')
    .usage('[CLUSTER] [options]')
    .description(description)
    .argument('[CLUSTER]')
    .addOption(choiceOption('--view <VIEW>', 'Of what is staged (unless told), or committed.', ['staged', 'committed']))
    .addOption(option('--timeout <DURATION>', timeoutHelp, (text) => parseDuration(text, maxTimeoutMs)))
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['check', 'check sessions --view committed -o json'], exitCode))
    .action(async (cluster: string | undefined, values: Values) => {
      const { api, format } = await open(context, values);
      const { view, timeout } = values;
      const query = { cluster, view, timeout: timeout === undefined ? undefined : formatDuration(timeout) };
      const answer = await sendCheck(context, api, query);
      await printAnswer(context, format, answer, () => renderCheck(context, answer));
      context.exitCode = answer.fine === answer.checked ? exitCodes.ok : exitCodes.notInSync;
    });
}
