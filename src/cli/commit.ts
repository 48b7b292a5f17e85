// `controlplane commit`: publishes what is staged, and with --wait says who runs it.

import type { Command } from 'commander';

import { UsageError } from '../process/failure.ts';
import { commitOptions, sendCommit } from './commit-call.ts';
import type { CommitValues } from './commit-call.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, option } from './define.ts';
import { expectationOptions } from './expectation-flags.ts';
import type { ExpectationValues } from './expectation-flags.ts';

const description = `Publishes everything staged to every Envoy. With --wait it ends when every Envoy that is \
connected has taken or rejected what was committed, or when the time is up, and says who does not run it and why; how \
many streams have answered is shown on standard error meanwhile. Envoys that went a moment ago are waited for, and \
whoever comes back in the first 35 s after a start of the control plane, unless it is told whom to wait for.`;

const exitCode = `\
Exit code: 0 committed, and with --wait every Envoy runs it; 3 committed, but some Envoy has rejected it, not answered
in time or gone, or may be yet to come back, or the control plane ended before it could say; 1 not committed, or the
control plane can't be reached; 2 usage.`;

type Values = CommonValues & CommitValues & ExpectationValues;

export function buildCommit(context: Context): Command {
  const command = defineCommand(context, 'commit').description(description);
  for (const each of commitOptions()) command.addOption(each);
  command.addOption(option('--plan <TOKEN>', 'Only what this plan, of controlplane plan, was made for.'));
  for (const each of expectationOptions()) command.addOption(each);
  const examples = [
    'commit -m "carts get a second server"',
    'commit --wait 10s',
    'commit --plan TOKEN --if-revision 7',
  ];
  return command
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(examples, exitCode))
    .action((values: Values) => commit(context, values));
}

async function commit(context: Context, values: Values): Promise<void> {
  const opened = await open(context, values);
  if (values.wait === undefined && (values.atLeast !== undefined || values.expect !== undefined)) {
    throw new UsageError('--at-least and --expect: only with --wait, see --help');
  }
  await sendCommit(context, opened, values);
}
