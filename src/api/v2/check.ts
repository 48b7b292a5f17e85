// POST /api/v2/check: every declared server is looked at once, from here.

import type { Request, RequestHandler } from 'express';
import type { Desk } from '../../commit/desk.ts';
import type { Cluster } from '../../model/objects.ts';
import { formatAddress } from '../../net/address.ts';
import { parseDuration } from '../../text/duration.ts';
import { checkServers } from '../../watch/check.ts';
import type { CheckedServer } from '../../watch/check.ts';
import { countDeclared, serversOf } from '../../watch/declared-servers.ts';
import type { ServerFacts } from '../../watch/facts.ts';
import { findNames } from '../../watch/find-names.ts';
import type { NameSource } from '../../watch/find-names.ts';
import type { FindSecret } from '../../watch/find-secret.ts';
import { CallLimit } from '../call-limit.ts';
import { createSecretFinder } from './check-secrets.ts';
import { readConfig } from './config.ts';
import { beginLines, renderLine, writeProgress } from './lines.ts';
import type { CheckMessage, CheckedServerMessage, ProgressMessage } from './messages.ts';
import { clusterType, layerOf } from './object-type.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import type { Secrets } from './secrets.ts';
import { signalWhenGone } from './signal-when-gone.ts';
import { parseView } from './view.ts';

// Each holds so many connections.
const maxChecks = 2;
const connectionsAtOnce = 64;
// The answer is held until the last one was looked at.
const maxServers = 10_000;
// Of all names together.
const maxNamesMs = 10_000;

const defaultDeadlineMs = 2_000;
const maxDeadlineMs = 30_000;

/**
 * Looks at the servers of what is declared, in the `view`, or in the file that the body is; of one `cluster`, or of all.
 * Answers a {@link CheckMessage}; to who accepts application/x-ndjson a {@link ProgressMessage} line after each
 * server, and that as the last line.
 * @param names looks up the names that the control plane looks up, so that who is asked is who is published
 * @param stopping aborted when the control plane stops: who waits is told what was seen
 */
export function createCheckHandler(
  desk: Desk,
  secrets: Pick<Secrets, 'open'>,
  names: NameSource,
  stopping: AbortSignal,
): RequestHandler {
  const limit = new CallLimit(maxChecks);
  return async (request, response) => {
    const { clusters, findSecret, deadlineMs } = await readCheck(desk, secrets, request);
    assertFew(countDeclared(clusters));
    if (limit.isReached) throw new ProblemError(503, `${maxChecks} checks are on their way: ask again later`);
    const check = async (): Promise<void> => {
      const signal = AbortSignal.any([stopping, signalWhenGone(response)]);
      const found = await findNames(clusters, names, AbortSignal.any([signal, AbortSignal.timeout(maxNamesMs)]));
      const servers = serversOf(clusters, findSecret, found);
      assertFew(servers.length);
      const isLines = beginLines(request, response);
      const checked = await checkServers(servers, {
        deadlineMs,
        atOnce: connectionsAtOnce,
        signal,
        onChecked: (count) => {
          const progress: ProgressMessage = { settled: count, total: servers.length };
          if (isLines) writeProgress(response, progress);
        },
      });
      response.end(renderLine(buildCheckMessage(checked)));
    };
    await limit.count(check());
  };
}

interface CheckToDo {
  readonly clusters: readonly Cluster[];
  readonly findSecret: FindSecret;
  readonly deadlineMs: number;
}

async function readCheck(desk: Desk, secrets: Pick<Secrets, 'open'>, request: Request): Promise<CheckToDo> {
  const { cluster: name, view: viewText, timeout } = readQuery(request, ['cluster', 'view', 'timeout']);
  const isFile = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (isFile && viewText !== undefined) throw new ProblemError(400, 'view: only without a file');
  const view = layerOf(parseParameter('view', viewText ?? 'staged', parseView));
  const deadlineMs =
    timeout === undefined
      ? defaultDeadlineMs
      : parseParameter('timeout', timeout, parseDeadline);
  const file = isFile ? await readConfig(request) : undefined;
  const all = file?.clusters ?? clusterType.list(desk.declarations, view);
  const findSecret = createSecretFinder(desk.declarations, view, file?.secrets, secrets.open);
  return { clusters: name === undefined ? all : [findCluster(all, name)], findSecret, deadlineMs };
}

function assertFew(servers: number): void {
  if (servers <= maxServers) return;
  throw new ProblemError(400, `${servers} servers: at most ${maxServers} are looked at in one call, give a cluster`);
}

function parseDeadline(text: string): number {
  const ms = parseDuration(text, maxDeadlineMs);
  if (ms === 0) throw new Error('must be above 0');
  return ms;
}

function findCluster(clusters: readonly Cluster[], name: string): Cluster {
  const cluster = clusters.find((each) => each.name === name);
  if (cluster === undefined) throw new ProblemError(404, `cluster ${JSON.stringify(name)}: not declared`);
  return cluster;
}

function buildCheckMessage(checked: readonly CheckedServer[]): CheckMessage {
  return {
    checked: checked.length,
    fine: checked.filter(({ isFine }) => isFine).length,
    servers: checked.map(buildServerMessage),
  };
}

function buildServerMessage(server: CheckedServer): CheckedServerMessage {
  const { cluster, host, port, hostName, look, isFine, contradictions } = server;
  const facts = 'facts' in look ? look.facts : undefined;
  return {
    cluster,
    address: formatAddress({ host, port }),
    host_name: hostName ?? null,
    is_fine: isFine,
    took_ms: look.tookMs,
    trouble: 'trouble' in look ? look.trouble : null,
    detail: 'trouble' in look ? look.detail : null,
    facts: facts === undefined ? null : buildFacts(facts),
    contradictions,
  };
}

function buildFacts(facts: ServerFacts): NonNullable<CheckedServerMessage['facts']> {
  const { role, product, version, isClusterMode, isLoading, primaryLink, maxMemory, maxMemoryPolicy, maxClients } = facts;
  return {
    role: role.name,
    follows: role.follows ?? null,
    primary_link: primaryLink ?? null,
    product,
    version: version ?? null,
    cluster_mode: isClusterMode,
    loading: isLoading,
    maxmemory: maxMemory ?? null,
    maxmemory_policy: maxMemoryPolicy ?? null,
    maxclients: maxClients ?? null,
    append_only: facts.isAppendOnly ?? null,
    saves_snapshots: facts.savesSnapshots ?? null,
  };
}
