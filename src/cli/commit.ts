// `controlplane commit`: publishes what is staged, and with --wait says who runs it.

import type { Address } from '../net/address.ts';
import { maxWaitMs } from '../api/v2/messages.ts';
import type { CommitMessage, ConvergedCommitMessage } from '../api/v2/messages.ts';
import { parseValue, readArguments } from '../process/arguments.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { Failure, UsageError, exitCodes } from '../process/failure.ts';
import { readApiAddress } from './api-address.ts';
import { askApi } from './api-request.ts';
import { renderCommit, renderConvergence } from './commit-report.ts';
import { expectationFlags, expectationHelp, readExpectation } from './expectation-flags.ts';
import { ProgressLine } from './progress.ts';

const help = `Usage: controlplane commit [--wait DURATION [--at-least N] [--expect NODE[,NODE...]]] [--api HOST:PORT]

Publishes everything staged to every Envoy. With --wait it ends when every Envoy that is connected has taken or rejected
what was committed, or when the time is up, and says who does not run it and why; how many streams have answered is
shown on standard error meanwhile. Envoys that went a moment ago are waited for, and whoever comes back in the first
35 s after a start of the control plane, unless it is told whom to wait for.

  --wait DURATION
        How long to wait for the Envoys at most, as 500ms, 10s, 1m; up to 10m. Default: not at all
${expectationHelp}  --api HOST:PORT
        Where the REST API listens. Default: CONTROLPLANE_API_ADDRESS, else 127.0.0.1:8000
  --help
        Prints this text.

Exit code: 0 committed, and with --wait every Envoy runs it; 3 committed, but some Envoy has rejected it, not answered
in time or gone, or may be yet to come back, or the control plane ended before it could say; 1 not committed, or the
control plane can't be reached; 2 usage.
`;

const takesValue: ReadonlyMap<string, boolean> = new Map([
  ...expectationFlags,
  ['wait', true],
  ['api', true],
  ['help', false],
  ['h', false],
]);

// What the control plane needs for the rest: the commit itself, on a slow disk.
const idleMs = 10_000;

/** Runs the command; gives the exit code. @throws Failure */
export async function runCommit(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, takesValue);
  if (given.has('help') || given.has('h')) {
    process.stdout.write(help);
    return exitCodes.ok;
  }
  const api = readApiAddress(given, process.env);
  const wait = given.get('wait');
  const expectation = readExpectation(given);
  if (wait !== undefined) {
    return commitAndWait(api, parseValue('--wait', wait, (text) => parseDuration(text, maxWaitMs)), expectation);
  }
  if (expectation !== '') throw new UsageError('--at-least and --expect: only with --wait, see --help');
  const answer = await askApi<CommitMessage>({ api, method: 'POST', path: '/api/v2/commit', idleMs });
  process.stdout.write(renderCommit(answer));
  return exitCodes.ok;
}

async function commitAndWait(api: Address, waitMs: number, expectation: string): Promise<number> {
  const path = `/api/v2/commit?wait=${formatDuration(waitMs)}${expectation === '' ? '' : `&${expectation}`}`;
  const line = new ProgressLine(process.stderr);
  // Progress is told of what is committed.
  let isCommitted = false;
  try {
    const answer = await askApi<ConvergedCommitMessage>(
      { api, method: 'POST', path, idleMs: waitMs + idleMs },
      ({ settled, total }) => {
        isCommitted = true;
        if (total > 0) line.show(`${settled} of ${total} streams have answered`);
      },
    ).finally(() => line.clear());
    process.stdout.write(renderConvergence(answer));
    return answer.converged ? exitCodes.ok : exitCodes.notInSync;
  } catch (error) {
    if (!isCommitted || !(error instanceof Failure)) throw error;
    throw new Failure(`committed, who runs it is not known: ${error.message}`, exitCodes.notInSync);
  }
}
