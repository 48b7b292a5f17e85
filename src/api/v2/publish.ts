// What a commit and a rollback have in common: each publishes, and waits, if asked to, until the Envoys have it.

import type { Request, RequestHandler } from 'express';
import { parseDuration } from '../../text/duration.ts';
import { clientState, foldClients } from '../../xds/client.ts';
import { awaitConvergence } from '../../xds/convergence.ts';
import type { Convergence } from '../../xds/convergence.ts';
import type { Expectation } from '../../xds/expectation.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import { CallLimit } from '../call-limit.ts';
import { buildNotInSyncMessages } from './client-message.ts';
import { readExpectation } from './expectation-query.ts';
import type { ExpectationQuery } from './expectation-query.ts';
import { judgeFleet, returningUntilMs } from './fleet.ts';
import type { Start } from './fleet.ts';
import { beginLines, renderLine, writeProgress } from './lines.ts';
import { maxWaitMs } from './messages.ts';
import type { CommitMessage, ConvergedCommitMessage, ProgressMessage } from './messages.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import { signalWhenGone } from './signal-when-gone.ts';

export interface PublishParts {
  readonly hub: StreamHub;
  /** Undefined: it found nothing committed. */
  readonly start: Start | undefined;
  /** Aborted when the control plane stops: who waits is told how things stand. */
  readonly stopping: AbortSignal;
}

/** Publishes for a request; gives the answer to who does not wait. */
export type Publish = (request: Request) => Promise<CommitMessage>;

/** Of every call that publishes. */
export const publishParameters = ['wait', 'at_least', 'expect'] as const;

// For each of them it is remembered who has answered what.
const maxWaiting = 64;

/** @param others parameters that the call takes besides {@link publishParameters}, and reads itself. */
export type Publishing = (publish: Publish, others?: readonly string[]) => RequestHandler;

/** Makes handlers of which so many may wait at the same time, together. */
export function createPublishing(parts: PublishParts): Publishing {
  const limit = new CallLimit(maxWaiting);
  return (publish, others = []) => createPublishHandler(parts, limit, publish, others);
}

/**
 * Without `wait` answers what `publish` gives, else that and what {@link ConvergedCommitMessage} has more, when every
 * client has answered or the time is up; with `at_least` or `expect` these have to be there too. To who accepts
 * application/x-ndjson it sends a {@link ProgressMessage} line each time that more have answered, and the answer as the
 * last line.
 */
function createPublishHandler(
  parts: PublishParts,
  limit: CallLimit,
  publish: Publish,
  others: readonly string[],
): RequestHandler {
  return async (request, response) => {
    const { waitMs, expectation } = readWaitQuery(request, others);
    if (waitMs !== undefined && limit.isReached) {
      throw new ProblemError(503, `wait: ${maxWaiting} others wait already, nothing was committed: ask again later`);
    }
    const answer = async (): Promise<void> => {
      const startMs = performance.now();
      const result = await publish(request);
      const isLines = beginLines(request, response);
      if (waitMs === undefined) {
        response.end(renderLine(result));
        return;
      }
      const waiting = { waitMs, expectation, abandoned: signalWhenGone(response) };
      const convergence = await awaitEnvoys(parts, waiting, (progress) => {
        if (isLines) writeProgress(response, progress);
      });
      const tookMs = performance.now() - startMs;
      response.end(renderLine({ ...result, ...buildConverged(tookMs, convergence, parts.start, expectation) }));
    };
    await (waitMs === undefined ? answer() : limit.count(answer()));
  };
}

export interface Waiting {
  readonly waitMs: number;
  readonly expectation: Expectation | undefined;
  /** Aborted when who asked is gone. */
  readonly abandoned: AbortSignal;
}

/** Until every client has answered, the time is up, nobody wants to know, or the control plane stops. */
export function awaitEnvoys(
  { hub, start, stopping }: PublishParts,
  { waitMs, expectation, abandoned }: Waiting,
  onProgress: (progress: ProgressMessage) => void,
): Promise<Convergence> {
  return awaitConvergence(hub, {
    timeoutMs: waitMs,
    expectation,
    returningUntilMs: expectation === undefined ? returningUntilMs(start) : 0,
    signal: AbortSignal.any([stopping, abandoned]),
    abandoned,
    onProgress: (settled, total) => onProgress({ settled, total }),
  });
}

/** @param others parameters besides {@link publishParameters}, which the call reads. @throws ProblemError (400) */
export function readWaitQuery(
  request: Pick<Request, 'originalUrl'>,
  others: readonly string[],
): { waitMs: number | undefined; expectation: Expectation | undefined } {
  const { wait, ...given } = readQuery<string>(request, [...publishParameters, ...others]);
  const query: ExpectationQuery = Object.fromEntries(Object.entries(given).filter(([name]) => !others.includes(name)));
  const expectation = readExpectation(query);
  if (wait !== undefined) {
    return { waitMs: parseParameter('wait', wait, (text) => parseDuration(text, maxWaitMs)), expectation };
  }
  if (expectation === undefined) return { waitMs: undefined, expectation };
  throw new ProblemError(400, `${Object.keys(query).join(', ')}: only with wait`);
}

export function buildConverged(
  tookMs: number,
  { settled, waiting, unasked, gone }: Convergence,
  start: Start | undefined,
  expectation: Expectation | undefined,
): Omit<ConvergedCommitMessage, keyof CommitMessage> {
  const clients = foldClients([...settled, ...waiting], unasked);
  const { isInSync, returning, expected } = judgeFleet(clients, gone.length, start, expectation);
  const others = clients.filter((client) => clientState(client) !== 'synced');
  const refused = others.filter((client) => clientState(client) === 'error').length;
  return {
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
