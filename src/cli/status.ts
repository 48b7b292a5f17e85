// `controlplane status`: who is connected, and what they run.

import { Option } from 'commander';
import type { Command } from 'commander';

import type { ClientsMessage } from '../api/v2/messages.ts';
import { exitCodes } from '../process/failure.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { expectationOptions, expectationQuery } from './expectation-flags.ts';
import type { ExpectationValues } from './expectation-flags.ts';
import { printAnswer } from './output.ts';
import { renderStatus } from './status-report.ts';

const description = `Shows every Envoy that is connected: its node id, where it connects from, how it speaks xDS, \
whether it runs what was committed, and the version of each type (the first 8 digits of the one that it runs; A->B: \
it runs A, B was sent; old: what it had before it connected).

Below it, why a client does not: what it rejected and when, with its own words, or what is waited for. Then the \
removed clusters that are still there for connections that use them, and the Envoys that went a while ago \
(--gone-time).`;

const exitCode = `\
Exit code: 0 all are in sync and nobody is missing (or there never was anybody); 3 some are not in sync, have gone, or
may be yet to come back after a start of the control plane, or, where this is told, so many or these are not in sync,
whoever has gone; 1 the control plane can't be reached; 2 usage.`;

type Values = CommonValues & ExpectationValues & { readonly json?: true };

export function buildStatus(context: Context): Command {
  const command = defineCommand(context, 'status').description(description);
  for (const each of expectationOptions()) command.addOption(each);
  return command
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addOption(new Option('--json', 'The same as -o json.'))
    .addHelpText('after', helpEnd(['status', 'status --at-least 3', 'status -o json'], exitCode))
    .action((values: Values) => showStatus(context, values));
}

async function showStatus(context: Context, values: Values): Promise<void> {
  const { api, format } = await open(context, values);
  const answer = await api.get<ClientsMessage>('clients', expectationQuery(values));
  const render = (): string[] => renderStatus(answer).trimEnd().split('\n');
  await printAnswer(context, values.json === true ? 'json' : format, answer, render);
  context.exitCode = answer.in_sync ? exitCodes.ok : exitCodes.notInSync;
}
