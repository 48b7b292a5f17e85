// POST /api/v2/clusters/NAME/failover, which promotes a server of a replicated cluster or says when none is to be, and
// GET /api/v2/failovers: what was promoted.

import type { RequestHandler } from 'express';
import type { z } from 'zod';

import type { Desk } from '../../commit/desk.ts';
import type { Failovers, Told } from '../../failover/failovers.ts';
import { isOver } from '../../failover/record.ts';
import { ownFailoverOf } from '../../model/failover-defaults.ts';
import { canonicalPrimary } from '../../model/primary.ts';
import { readAuthor } from './author.ts';
import { buildPlan, buildPromotion, isoOrNull } from './failover-message.ts';
import { readOptions } from './json-body.ts';
import { beginLines, renderLine, writeProgress } from './lines.ts';
import type { FailoverAnswerMessage, FailoversMessage, ProgressMessage } from './messages.ts';
import { clusterType } from './object-type.ts';
import { ProblemError } from './problem.ts';
import { readQuery } from './query.ts';
import { failoverRequestSchema } from './schemas/failovers.ts';
import { sendJson } from './send.ts';

export interface FailoverHandlerParts {
  readonly desk: Desk;
  readonly failovers: Failovers;
}

type Body = z.output<typeof failoverRequestSchema>;

/** Answers a {@link FailoversMessage}, of one `cluster` or of all. */
export function createFailoversHandler({ desk, failovers }: FailoverHandlerParts): RequestHandler {
  return (request, response) => {
    const { cluster } = readQuery(request, ['cluster']);
    const kept = Array.from(failovers.book.all()).filter(([name]) => cluster === undefined || name === cluster);
    const records = kept.flatMap(([, { records: all }]) => all).sort((a, b) => b.startedAtMs - a.startedAtMs);
    const message: FailoversMessage = {
      promotions: records.map(buildPromotion),
      clusters: kept.map(([name, { paused }]) => {
        const declared = clusterType.get(desk.declarations, 'committed', name);
        const { cooldownMs = 0 } = (declared && ownFailoverOf(declared)) ?? {};
        const untilMs = failovers.book.cooldownUntilMs(name, cooldownMs);
        return { cluster: name, paused_by: paused?.by ?? null, cooldown_until: isoOrNull(untilMs) };
      }),
    };
    sendJson(response, message);
  };
}

/**
 * Answers a {@link FailoverAnswerMessage} when it is over; to who accepts application/x-ndjson a
 * {@link ProgressMessage} line for each step before. Who goes meanwhile changes nothing.
 */
export function createFailoverHandler({ desk, failovers }: FailoverHandlerParts): RequestHandler<{ name: string }> {
  return async (request, response) => {
    readQuery(request, []);
    const { name: cluster } = request.params;
    const by = readAuthor(request);
    const body = await readOptions(request, failoverRequestSchema);
    if (clusterType.get(desk.declarations, 'committed', cluster) === undefined) {
      throw new ProblemError(404, `cluster ${JSON.stringify(cluster)}: not committed`);
    }
    failovers.requireFollowed(cluster);
    if (body.action !== 'switchover' && body.action !== 'promote') {
      const changed = await tell(failovers, body.action, cluster, by);
      sendJson(response, { changed, promotion: null, plan: null } satisfies FailoverAnswerMessage);
      return;
    }
    const told: Told = { ...toldOf(body), cluster, by };
    if (body.dry_run === true) {
      const plan = buildPlan(await failovers.plan(told));
      sendJson(response, { changed: false, promotion: null, plan } satisfies FailoverAnswerMessage);
      return;
    }
    let isLines: boolean | undefined;
    const record = await failovers.promote(told, (next) => {
      // What is refused is refused before the first step.
      isLines ??= beginLines(request, response);
      const taken = next.steps.at(-1);
      if (!isLines || taken === undefined || isOver(next)) return;
      const progress: ProgressMessage = { settled: 0, total: 0, step: taken.step, detail: taken.detail };
      writeProgress(response, progress);
    });
    const message: FailoverAnswerMessage = {
      changed: record.step === 'done',
      promotion: buildPromotion(record),
      plan: null,
    };
    response.end(renderLine(message));
  };
}

function toldOf(body: Exclude<Body, { action: 'pause' | 'resume' | 'ack' }>): Pick<Told, 'kind' | 'to' | 'force'> {
  const { action: kind, to, force } = body;
  return { kind, to: to === undefined ? undefined : canonicalPrimary(to), force };
}

function tell({ book }: Failovers, action: 'pause' | 'resume' | 'ack', cluster: string, by: string): Promise<boolean> {
  switch (action) {
    case 'pause':
      return book.pause(cluster, by);
    case 'resume':
      return book.resume(cluster);
    case 'ack':
      return book.acknowledge(cluster, by);
  }
}
