// `controlplane apply`: a whole file is staged, and committed if told to.

import type { Command } from 'commander';

import { Failure, UsageError } from '../process/failure.ts';
import { idleMs } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import { askApiForText, parseJson } from './api-request.ts';
import { renderChanges } from './change-words.ts';
import { sendCheck } from './check-call.ts';
import { renderCheck } from './check-report.ts';
import { commitOptions, sendCommit } from './commit-call.ts';
import type { CommitValues } from './commit-call.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import { faultsFailure, readConfigText } from './config-text.ts';
import type { ConfigText } from './config-text.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import type { ChangesMessage } from './messages.ts';
import { printAnswer } from './output.ts';
import { readSources } from './secret-sources.ts';
import { Refusal } from './refusal.ts';

const description = `Stages all that a file declares, and that what it does not name goes: what is staged then is the \
file. --dry-run shows what would be staged, and stages nothing; --commit commits it.`;

const exitCode = `\
Exit code: 0 done, and with --wait every Envoy runs it; 3 committed, but some Envoy does not run it, as of commit; 1 not
staged or not committed, or the control plane can't be reached; 2 usage.`;

type Values = CommonValues & CommitValues & { readonly file: string; readonly dryRun?: true; readonly commit?: true; readonly check?: true };

export function buildApply(context: Context): Command {
  const command = defineCommand(context, 'apply')
    .description(description)
    .requiredOption('-f, --file <FILE>', 'YAML, or JSON where its name ends in .json; - is standard input.')
    .option('--dry-run', 'Shows what would be staged, and stages nothing.')
    .option('--check', 'Looks at its servers first, and stages nothing unless all are fine, as controlplane check has it.')
    .option('--commit', 'Commits what is staged.');
  for (const each of commitOptions()) command.addOption(each);
  return command
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      helpEnd(
        ['apply -f declared.yaml --dry-run', 'apply -f declared.yaml --commit --wait 10s -m "as in git"'],
        exitCode,
      ),
    )
    .action((values: Values) => apply(context, values));
}

async function apply(context: Context, values: Values): Promise<void> {
  requireSense(values);
  const file = await readSources(context, await readConfigText(context, values.file), values.file);
  const opened = await open(context, values);
  const { api, format } = opened;
  if (values.check === true) await requireFine(context, api, file);
  const answer = await stage(api, file, values.dryRun === true);
  if (values.commit !== true) {
    await printAnswer(context, format, answer, ({ changes }) => [
      ...renderChanges(context, changes),
      describe(changes.length, values.dryRun === true),
    ]);
    return;
  }
  try {
    // What a commit publishes, field by field; of two answers programs are given the last.
    if (format === 'table') await printDiff(context, api);
    await sendCommit(context, opened, values);
  } catch (error) {
    throw error instanceof Refusal ? new Failure(`${error.message}\n${describeLeft(error)}`) : error;
  }
}

async function requireFine(context: Context, api: ApiClient, file: ConfigText): Promise<void> {
  const answer = await explainFaults(file, sendCheck(context, api, {}, file));
  if (answer.fine === answer.checked) return;
  throw new Failure(`${renderCheck(context, answer).join('\n')}\nnothing was staged`);
}

async function printDiff(context: Context, api: ApiClient): Promise<void> {
  const { changes } = await api.get<ChangesMessage>('diff');
  for (const line of renderChanges(context, changes)) context.stdout.write(`${line}\n`);
}

/** What becomes of what was staged, and how to go on. */
function describeLeft({ problem }: Refusal): string {
  const ways = ['controlplane diff shows it', 'controlplane discard takes it back'];
  if (problem.code === 'guard') ways.push('controlplane commit --force commits it all the same');
  return ['staged, and not committed:', ...ways.map((way) => `  ${way}`)].join('\n');
}

async function stage(api: ApiClient, file: ConfigText, isDryRun: boolean): Promise<ChangesMessage> {
  const query = { dry_run: isDryRun ? 'true' : undefined };
  const { headers, ...call } = api.changeCall({ method: 'PUT', path: 'config', query });
  const sent = { ...call, headers: { ...headers, 'content-type': file.type }, body: file.text, idleMs };
  return parseJson<ChangesMessage>(api.address, (await explainFaults(file, askApiForText(sent))).text);
}

/** What is wrong with the file is told with its places. */
async function explainFaults<Answer>(file: ConfigText, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Refusal) || (error.problem.faults ?? []).length === 0) throw error;
    throw faultsFailure(file, error.problem.faults ?? []);
  }
}

function describe(count: number, isDryRun: boolean): string {
  if (count === 0) return 'nothing to stage: all is as the file has it';
  return isDryRun ? 'not staged: a dry run' : 'staged; controlplane plan shows what a commit would do';
}

function requireSense({ dryRun, commit, wait, message, force, ifRevision }: Values): void {
  if (dryRun === true && commit === true) throw new UsageError('--dry-run and --commit: one or the other, see --help');
  if (commit === true) return;
  if ([wait, message, force, ifRevision].some((value) => value !== undefined)) {
    throw new UsageError('--wait, --message, --force and --if-revision: only with --commit, see --help');
  }
}
