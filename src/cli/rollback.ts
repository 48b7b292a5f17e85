// `controlplane rollback`: an older revision is published again, as a new one.

import { Argument } from 'commander';
import type { Command } from 'commander';

import { parseValue } from '../process/arguments.ts';
import { Failure } from '../process/failure.ts';
import type { ApiClient } from './api-client.ts';
import { forceOption, messageOption, revisionOption } from './commit-call.ts';
import type { CommitValues } from './commit-call.ts';
import { apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, parseWholeNumber } from './define.ts';
import type { RevisionsMessage, RollbackMessage } from './messages.ts';
import { printAnswer } from './output.ts';
import { toPrintable } from './printable.ts';

const description = `Publishes an older revision again, as a new one, at once: by default the one before the newest. \
What is staged stays staged; what is staged and was rolled back too is named, for a commit would change it again.`;

const exitCode =
  "Exit code: 0 published, or it stands already; 1 refused, or the control plane can't be reached; 2 usage.";

type Values = CommonValues & Pick<CommitValues, 'message' | 'force' | 'ifRevision'>;

export function buildRollback(context: Context): Command {
  const parse = (text: string): number => parseValue('N', text, parseWholeNumber);
  return defineCommand(context, 'rollback')
    .description(description)
    .addArgument(new Argument('[N]').argParser(parse))
    .addOption(messageOption())
    .addOption(revisionOption())
    .addOption(forceOption())
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['rollback', 'rollback 5 -m "carts were lost"'], exitCode))
    .action(async (number: number | undefined, values: Values) => {
      const { api, format } = await open(context, values);
      const { message, force, ifRevision } = values;
      const target = number === undefined ? await findOneBefore(api) : { revision: number, newest: undefined };
      // Which is the one before, is so as long as nobody commits.
      const body = { revision: target.revision, message, force, expected_revision: ifRevision ?? target.newest };
      const answer = await api.send<RollbackMessage>({ method: 'POST', path: 'rollback', body });
      await printAnswer(context, format, answer, renderRollback);
    });
}

async function findOneBefore(api: ApiClient): Promise<{ revision: number; newest: number }> {
  const { revisions } = await api.get<RevisionsMessage>('revisions', { limit: 2 });
  const [newest, before] = revisions;
  if (newest === undefined || before === undefined)
    throw new Failure('there is no revision before the newest, see history');
  return { revision: before.revision, newest: newest.revision };
}

function renderRollback({ changed, revision, rollback_to: target, still_staged: staged }: RollbackMessage): string[] {
  const head = changed
    ? `rolled back to revision ${target}, as revision ${revision}`
    : `nothing to roll back: revision ${revision} is as ${target} was`;
  return [head, ...staged.map(({ kind, name }) => toPrintable(`still staged: ${kind} ${name}`))];
}
