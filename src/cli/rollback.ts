// `controlplane rollback`: an older revision is published again, as a new one.

import { Argument } from 'commander';
import type { Command } from 'commander';

import { parseValue } from '../process/arguments.ts';
import { commitOptions, sendCommit } from './commit-call.ts';
import type { CommitValues } from './commit-call.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, parseWholeNumber } from './define.ts';

const description = `Publishes an older revision again, as a new one, at once: by default the one before the newest. \
What is staged stays staged; what is staged and was rolled back too is named, for a commit would change it again.`;

const exitCode = `\
Exit code: 0 published, or it stands already, and with --wait every Envoy runs it; 3 published, but some Envoy does not
run it, as of commit; 1 refused, or the control plane can't be reached; 2 usage.`;

type Values = CommonValues & CommitValues;

export function buildRollback(context: Context): Command {
  const parse = (text: string): number => parseValue('N', text, parseWholeNumber);
  const command = defineCommand(context, 'rollback')
    .description(description)
    .addArgument(new Argument('[N]').argParser(parse));
  for (const each of commitOptions()) command.addOption(each);
  return command
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['rollback', 'rollback 5 -m "carts were lost" --wait 10s'], exitCode))
    .action(async (revision: number | undefined, values: Values) => {
      await sendCommit(context, await open(context, values), values, { revision });
    });
}
