// `controlplane discard`: what is staged is taken back.

import { Argument } from 'commander';
import type { Command } from 'commander';

import { objectKinds } from '../model/kinds.ts';
import { UsageError } from '../process/failure.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import type { DiscardMessage } from './messages.ts';
import { printAnswer } from './output.ts';
import { toPrintable } from './printable.ts';

const kinds: readonly string[] = objectKinds;

export function buildDiscard(context: Context): Command {
  const description = `Takes back what is staged, so that it is as it was committed: all of it, or the one object \
that KIND (${kinds.join(', ')}) and NAME say.`;
  const exitCode = "Exit code: 0 done, or nothing was staged; 1 the control plane can't be reached; 2 usage.";
  return defineCommand(context, 'discard')
    .description(description)
    .usage('[KIND NAME] [options]')
    .addArgument(new Argument('[KIND]').choices(kinds).argParser(readKind))
    .argument('[NAME]')
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['discard', 'discard cluster sessions'], exitCode))
    .action(async (kind: string | undefined, name: string | undefined, values: CommonValues) => {
      if (kind !== undefined && name === undefined) throw new UsageError('NAME is missing, see --help');
      const { api, format } = await open(context, values);
      const answer = await api.send<DiscardMessage>({ method: 'POST', path: 'discard', body: { kind, name } });
      await printAnswer(context, format, answer, renderDiscarded);
    });
}

function readKind(text: string): string {
  if (!kinds.includes(text)) throw new UsageError(`KIND ${JSON.stringify(text)}: must be one of ${kinds.join(', ')}`);
  return text;
}

function renderDiscarded({ discarded }: DiscardMessage): string[] {
  if (discarded.length === 0) return ['nothing was staged'];
  return discarded.map(({ kind, name }) => toPrintable(`discarded: ${kind} ${name}`));
}
