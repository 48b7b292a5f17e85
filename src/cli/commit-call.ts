// A commit or rollback as commands make it: the flags for it, the call, and how its answer is shown.

import type { Option } from 'commander';

import { maxWaitMs } from '../api/v2/messages.ts';
import { Failure, exitCodes } from '../process/failure.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { idleMs } from './api-client.ts';
import { askApi } from './api-request.ts';
import type { ApiCall } from './api-request.ts';
import { renderCommit, renderConvergence } from './commit-report.ts';
import type { Opened } from './common-options.ts';
import type { Context } from './context.ts';
import { option, parseWholeNumber } from './define.ts';
import { expectationQuery } from './expectation-flags.ts';
import type { ExpectationValues } from './expectation-flags.ts';
import type { PublishMessage } from './messages.ts';
import { printAnswer } from './output.ts';
import type { OutputFormat } from './output.ts';
import { ProgressLine } from './progress.ts';

export interface CommitValues extends ExpectationValues {
  readonly message?: string;
  readonly wait?: number;
  readonly ifRevision?: number;
  readonly force?: true;
  readonly plan?: string;
}

export const messageOption = (): Option => option('-m, --message <TEXT>', 'What for, for the history.');

export const revisionOption = (): Option =>
  option('--if-revision <N>', 'Only if nobody has committed since revision N.', parseWholeNumber);

export const forceOption = (): Option =>
  option('--force', 'Also if it takes the last server of a cluster, or very much at once.');

export const waitOption = (): Option => {
  const help = 'How long to wait for the Envoys at most, as 500ms, 10s, 1m; up to 10m. Default: not at all';
  return option('--wait <DURATION>', help, (text) => parseDuration(text, maxWaitMs));
};

export function commitOptions(): Option[] {
  return [messageOption(), waitOption(), revisionOption(), forceOption()];
}

/**
 * Commits, or rolls back, prints the answer, and sets the exit code.
 * @param target what is rolled back to; `revision` undefined: the one before the newest.
 * @throws Failure
 */
export async function sendCommit(
  context: Context,
  { api, format }: Opened,
  values: CommitValues,
  target?: { readonly revision: number | undefined },
): Promise<void> {
  const { message, force, ifRevision, plan, wait } = values;
  const given = { ...target, message, force, expected_revision: ifRevision, plan };
  const body = Object.values(given).some((value) => value !== undefined) ? { body: given } : {};
  const query = wait === undefined ? {} : { wait: formatDuration(wait), ...expectationQuery(values) };
  const call = api.changeCall({ method: 'POST', path: target === undefined ? 'commit' : 'rollback', query, ...body });
  await sendPublishing(context, format, call, wait);
}

/**
 * Makes a call that publishes, prints the answer, and sets the exit code.
 * @param waitMs how long it waits for the Envoys; undefined: not at all.
 * @throws Failure
 */
export async function sendPublishing(
  context: Context,
  format: OutputFormat,
  call: ApiCall,
  waitMs: number | undefined,
): Promise<void> {
  const line = new ProgressLine(context.stderr);
  // Progress is told of what is committed.
  let isCommitted = false;
  try {
    const accept = 'application/x-ndjson, application/json;q=0.9';
    const patient = { ...call, headers: { ...call.headers, accept }, idleMs: idleMs + (waitMs ?? 0) };
    const answer = await askApi<PublishMessage>(patient, ({ settled, total }) => {
      isCommitted = true;
      if (total > 0) line.show(`${settled} of ${total} streams have answered`);
    }).finally(() => line.clear());
    await printAnswer(context, format, answer, renderAnswer);
    context.exitCode = 'converged' in answer && !answer.converged ? exitCodes.notInSync : exitCodes.ok;
  } catch (error) {
    if (!isCommitted || !(error instanceof Failure)) throw error;
    throw new Failure(`committed, who runs it is not known: ${error.message}`, exitCodes.notInSync);
  }
}

function renderAnswer(answer: PublishMessage): string[] {
  const text = 'converged' in answer ? renderConvergence(answer) : renderCommit(answer);
  return text.trimEnd().split('\n');
}
