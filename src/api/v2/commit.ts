// POST /api/v2/commit: publishes what is staged, and waits, if asked to, until the Envoys have it.

import type { Request, RequestHandler } from 'express';
import type { Control, PublishedStatus } from '../../commit/control.ts';
import { parseDuration } from '../../text/duration.ts';
import type { NodeGroup } from '../../snapshot/snapshot.ts';
import { clientState, foldClients } from '../../xds/client.ts';
import { awaitConvergence } from '../../xds/convergence.ts';
import type { Convergence } from '../../xds/convergence.ts';
import type { Expectation } from '../../xds/expectation.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import { CallLimit } from '../call-limit.ts';
import { buildNotInSyncMessages } from './client-message.ts';
import { readExpectation } from './expectation-query.ts';
import { judgeFleet, returningUntilMs } from './fleet.ts';
import type { Start } from './fleet.ts';
import { maxWaitMs } from './messages.ts';
import type { CommitMessage, ConvergedCommitMessage, ProgressMessage } from './messages.ts';
import { ProblemError } from './problem.ts';
import { buildPublishedMessage } from './published-message.ts';
import { parseParameter, readQuery } from './query.ts';
import { signalWhenGone } from './signal-when-gone.ts';

export interface CommitParts {
  readonly control: Control;
  /** How things stand with what is committed. */
  readonly published: () => PublishedStatus;
  readonly hub: StreamHub;
  /** The node group that a commit publishes to. */
  readonly group: NodeGroup;
  /** Undefined: it found nothing committed. */
  readonly start: Start | undefined;
  /** Aborted when the control plane stops: who waits is told how things stand. */
  readonly stopping: AbortSignal;
}

// For each of them it is remembered who has answered what.
const maxWaiting = 64;

const linesType = 'application/x-ndjson';

/**
 * Without `wait` answers a {@link CommitMessage} at once, else a {@link ConvergedCommitMessage} when every client has
 * answered or the time is up; with `at_least` or `expect` these have to be there too. To who accepts
 * application/x-ndjson it sends a {@link ProgressMessage} line each time that more have answered, and the answer as the
 * last line.
 */
export function createCommitHandler({ control, published, hub, group, start, stopping }: CommitParts): RequestHandler {
  const limit = new CallLimit(maxWaiting);
  return async (request, response) => {
    const { waitMs, expectation } = readCommitQuery(request);
    if (waitMs !== undefined && limit.isReached) {
      throw new ProblemError(503, `wait: ${maxWaiting} others wait already, nothing was committed: ask again later`);
    }
    const startMs = performance.now();
    const result = { ...control.commit(), ...buildPublishedMessage(published()) };
    const isLines = request.accepts('application/json', linesType) === linesType;
    response.type(isLines ? linesType : 'json');
    if (waitMs === undefined) {
      response.end(renderLine(result));
      return;
    }
    const abandoned = signalWhenGone(response);
    const waiting = awaitConvergence(hub, group, {
      timeoutMs: waitMs,
      expectation,
      returningUntilMs: expectation === undefined ? returningUntilMs(start) : 0,
      signal: AbortSignal.any([stopping, abandoned]),
      abandoned,
      onProgress: (settled, total) => {
        // Who does not read gets the next one that fits.
        if (isLines && !response.writableNeedDrain) response.write(renderLine({ settled, total }));
      },
    });
    const convergence = await limit.count(waiting);
    const tookMs = performance.now() - startMs;
    response.end(renderLine(buildCommitMessage(result, tookMs, convergence, start, expectation)));
  };
}

function readCommitQuery(request: Request): { waitMs: number | undefined; expectation: Expectation | undefined } {
  const { wait, ...query } = readQuery(request, ['wait', 'at_least', 'expect']);
  const expectation = readExpectation(query);
  if (wait !== undefined) {
    return { waitMs: parseParameter('wait', wait, (text) => parseDuration(text, maxWaitMs)), expectation };
  }
  if (expectation === undefined) return { waitMs: undefined, expectation };
  throw new ProblemError(400, `${Object.keys(query).join(', ')}: only with wait`);
}

function renderLine(message: CommitMessage | ProgressMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function buildCommitMessage(
  result: CommitMessage,
  tookMs: number,
  { settled, waiting, unasked, gone }: Convergence,
  start: Start | undefined,
  expectation: Expectation | undefined,
): ConvergedCommitMessage {
  const clients = foldClients([...settled, ...waiting], unasked);
  const { isInSync, returning, expected } = judgeFleet(clients, gone.length, start, expectation);
  const others = clients.filter((client) => clientState(client) !== 'synced');
  const refused = others.filter((client) => clientState(client) === 'error').length;
  return {
    ...result,
    converged: isInSync,
    took_ms: Math.round(tookMs),
    clients: {
      total: clients.length,
      in_sync: clients.length - others.length,
      refused,
      waiting: others.length - refused,
    },
    gone,
    returning,
    expected,
    not_in_sync: others.flatMap(buildNotInSyncMessages),
  };
}
