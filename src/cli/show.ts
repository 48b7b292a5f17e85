// `controlplane show`: one revision, and what it changed.

import { Argument } from 'commander';
import type { Command } from 'commander';

import { parseValue } from '../process/arguments.ts';
import type { ApiClient } from './api-client.ts';
import { renderChanges } from './change-words.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, parseWholeNumber } from './define.ts';
import type { ChangeMessage, ChangesMessage, RevisionMessage } from './messages.ts';
import { printAnswer } from './output.ts';
import { toPrintable } from './printable.ts';
import { Refusal } from './refusal.ts';
import { describeSummary } from './revision-words.ts';
import { renderTable } from './table.ts';

const notFound = 404;

export function buildShow(context: Context): Command {
  const parse = (text: string): number => parseValue('N', text, parseWholeNumber);
  const whole = 'With -o json or yaml it is the whole revision, with all its clusters and listeners.';
  return defineCommand(context, 'show')
    .description('Shows one revision: when, by whom, what for, and what it changed from the one before.')
    .addArgument(new Argument('<N>').argParser(parse))
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['show 7', 'show 7 -o yaml'], whole))
    .action(async (number: number, values: CommonValues) => {
      const { api, format } = await open(context, values);
      const revision = await api.get<RevisionMessage>(`revisions/${number}`);
      const changes = format === 'table' ? await readChanges(api, number) : undefined;
      await printAnswer(context, format, revision, () => renderRevision(context, revision, changes));
    });
}

/** Undefined: what came before is not kept. */
async function readChanges(api: ApiClient, revision: number): Promise<readonly ChangeMessage[] | undefined> {
  try {
    return (await api.get<ChangesMessage>(`revisions/${revision - 1}/diff/${revision}`)).changes;
  } catch (error) {
    if (error instanceof Refusal && error.problem.status === notFound) return undefined;
    throw error;
  }
}

function renderRevision(
  context: Context,
  revision: RevisionMessage,
  changes: readonly ChangeMessage[] | undefined,
): string[] {
  const head = [
    ['revision', `${revision.revision}`],
    ['at', revision.at],
    ['author', revision.author],
    ['message', revision.message || '-'],
    ['changes', describeSummary(revision)],
  ];
  const lines = renderTable(head.map((row) => row.map(toPrintable)));
  if (changes === undefined) return [...lines, '', 'the revision before it is not kept: what changed is not known'];
  return changes.length === 0 ? lines : [...lines, '', ...renderChanges(context, changes)];
}
