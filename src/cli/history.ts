// `controlplane history`: the revisions, newest first.

import type { Command } from 'commander';

import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { ApiClient } from './api-client.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, option, parseWholeNumber } from './define.ts';
import type { RevisionMessage, RevisionsMessage } from './messages.ts';
import { printAnswer } from './output.ts';
import { toPrintable } from './printable.ts';
import { describeSummary } from './revision-words.ts';
import { renderTable } from './table.ts';

const defaultLimit = 20;
const pageSize = 100;

type Values = CommonValues & { readonly limit?: number };

export function buildHistory(context: Context): Command {
  return defineCommand(context, 'history')
    .description('Lists the revisions, newest first: when, by whom, what changed, and what for.')
    .addOption(option('--limit <N>', `How many at most. Default: ${defaultLimit}`, parseWholeNumber))
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['history', 'history --limit 100 -o json']))
    .action(async (values: Values) => {
      const { api, format } = await open(context, values);
      const revisions = await readRevisions(api, values.limit ?? defaultLimit);
      await printAnswer(context, format, { revisions }, () => renderHistory(revisions));
    });
}

async function readRevisions(api: ApiClient, limit: number): Promise<RevisionMessage[]> {
  const all: RevisionMessage[] = [];
  while (all.length < limit) {
    const query = { before: all.at(-1)?.revision, limit: Math.min(limit - all.length, pageSize) };
    const { revisions } = await api.get<RevisionsMessage>('revisions', query);
    if (revisions.length === 0) break;
    all.push(...revisions);
  }
  return all;
}

export function renderHistory(revisions: readonly RevisionMessage[]): string[] {
  if (revisions.length === 0) return ['nothing was committed yet'];
  const rows = revisions.map((each) => [`${each.revision}`, each.at, each.author, describeSummary(each), each.message]);
  return renderTable([['REVISION', 'AT', 'AUTHOR', 'CHANGES', 'MESSAGE'], ...rows.map((row) => row.map(toPrintable))]);
}
