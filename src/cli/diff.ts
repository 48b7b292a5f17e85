// `controlplane diff`: what is staged against what is committed, or one revision against another.

import { Argument } from 'commander';
import type { Command } from 'commander';

import { parseValue } from '../process/arguments.ts';
import { Failure, exitCodes } from '../process/failure.ts';
import { renderChanges } from './change-words.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, parseWholeNumber } from './define.ts';
import type { ChangesMessage } from './messages.ts';
import { printAnswer } from './output.ts';

const description = `Shows how what is staged differs from what is committed; with one REV from that revision, with \
two how the second differs from the first. A line for each object that comes (+) or goes (-), and each field that \
changes (~).`;

/** As diff(1) has them. */
const codes = { same: exitCodes.ok, differs: 1, trouble: 2 } as const;

const exitCode = "Exit code: 0 the same; 1 they differ; 2 usage, or the control plane says no or can't be reached.";

export function buildDiff(context: Context): Command {
  const parse = (text: string): number => parseValue('REV', text, parseWholeNumber);
  return defineCommand(context, 'diff')
    .description(description)
    .addArgument(new Argument('[REV]').argParser(parse))
    .addArgument(new Argument('[TO]').argParser(parse))
    .usage('[REV [REV]] [options]')
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['diff', 'diff 5', 'diff 5 7 -o json'], exitCode))
    .action(async (from: number | undefined, to: number | undefined, values: CommonValues) => {
      try {
        await diff(context, from, to, values);
      } catch (error) {
        if (error instanceof Failure) throw new Failure(error.message, codes.trouble);
        throw error;
      }
    });
}

async function diff(
  context: Context,
  from: number | undefined,
  to: number | undefined,
  values: CommonValues,
): Promise<void> {
  const { api, format } = await open(context, values);
  const answer = await api.get<ChangesMessage>('diff', { from, to });
  await printAnswer(context, format, answer, ({ changes }) => renderChanges(context, changes));
  context.exitCode = answer.changes.length === 0 ? codes.same : codes.differs;
}
