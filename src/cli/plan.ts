// `controlplane plan`: what a commit would do.

import type { Command } from 'commander';

import { exitCodes } from '../process/failure.ts';
import { renderChanges } from './change-words.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import type { FindingMessage, PlanMessage, ResourceChangesMessage } from './messages.ts';
import { paint, printAnswer } from './output.ts';
import type { Color } from './output.ts';
import { toPrintable } from './printable.ts';
import { cut } from './refusal.ts';
import { renderTable } from './table.ts';

const description = `Shows what a commit would do, and does nothing: what changes, how many resources of Envoys in \
which node group, why it would be refused, what there is to warn of. The token at the end lets commit publish this \
and nothing else: controlplane commit --plan TOKEN is refused when somebody has staged or committed something since.`;

const exitCode =
  "Exit code: 0 it can be committed, maybe with --force; 1 it can't, or the control plane can't be reached; 2 usage.";

export function buildPlan(context: Context): Command {
  return defineCommand(context, 'plan')
    .description(description)
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['plan', 'plan -o json'], exitCode))
    .action(async (values: CommonValues) => {
      const { api, format } = await open(context, values);
      const plan = await api.send<PlanMessage>({ method: 'POST', path: 'plan' });
      await printAnswer(context, format, plan, () => renderPlan(context, plan));
      context.exitCode = plan.errors.length === 0 ? exitCodes.ok : exitCodes.failure;
    });
}

export function renderPlan(context: Context, plan: PlanMessage): string[] {
  if (plan.changes.length === 0) return ['nothing to commit'];
  const blocks = [
    renderChanges(context, plan.changes),
    renderResources(plan.resources),
    renderFindings(context, 'red', 'error', plan.errors),
    renderFindings(context, 'red', 'refused without --force', plan.guards),
    renderFindings(context, 'yellow', 'warning', plan.warnings),
    [`revision ${plan.revision} stands; to publish this and nothing else: commit --plan ${toPrintable(plan.token)}`],
  ].filter((lines) => lines.length > 0);
  return blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function renderResources(resources: readonly ResourceChangesMessage[]): string[] {
  if (resources.length === 0) return [];
  const rows = resources.map(({ group, kind, added, changed, removed }) => {
    return [group === '' ? 'all others' : group, kind, `+${added.length}`, `~${changed.length}`, `-${removed.length}`];
  });
  return renderTable([
    ['NODE GROUP', 'RESOURCE', 'NEW', 'CHANGED', 'GONE'],
    ...rows.map((row) => row.map(toPrintable)),
  ]);
}

function renderFindings(context: Context, color: Color, word: string, findings: readonly FindingMessage[]): string[] {
  return cut(findings.map(({ message }) => message)).map(
    (message) => `${paint(context, color, `${word}:`)} ${toPrintable(message)}`,
  );
}
