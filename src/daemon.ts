// Builds the parts, starts them, stops them. Nothing else knows all of them.

import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setImmediate as nextRound, setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { formatAddress, isLoopback } from './net/address.ts';
import type { Address } from './net/address.ts';
import { createApi } from './api/app.ts';
import { createDiscoveryApi } from './api/discovery.ts';
import { createMetricsApi } from './api/metrics.ts';
import { createApiServer } from './api/server.ts';
import { createSecretFinder } from './api/v2/check-secrets.ts';
import { returningUntilMs } from './api/v2/fleet.ts';
import { createV2 } from './api/v2/router.ts';
import { removeLeftDirectories } from './api/v2/temp-directory.ts';
import { ControlPlane } from './commit/control-plane.ts';
import type { ControlPlaneParts } from './commit/control-plane.ts';
import { CommitError } from './commit/published.ts';
import type { Warning } from './commit/published.ts';
import { withEnvoyLag } from './commit/drain-time.ts';
import { describeOldRoutes } from './commit/warnings.ts';
import type { EventType, NewEvent } from './events/event.ts';
import { EventLog } from './events/event-log.ts';
import { clustersOf } from './failover/clusters.ts';
import { createFailoverControl } from './failover/failover-control.ts';
import { KeptPromotionsError } from './failover/promotion-book.ts';
import { stepEvent } from './failover/step-event.ts';
import { Failure, exitCodes } from './process/failure.ts';
import type { OnAcceptError } from './net/listen.ts';
import { createLogger } from './process/log.ts';
import { StandardOutput } from './process/log-output.ts';
import { LostConnections } from './net/lost-connections.ts';
import { RefusedConnections } from './net/refused-connections.ts';
import { ServedCertificate } from './net/served-certificate.ts';
import { TlsFileError } from './net/tls-files.ts';
import { TlsPort } from './net/tls-port.ts';
import { Metrics } from './metrics/metrics.ts';
import { findUnknownVariables } from './process/settings.ts';
import type { Settings, TlsPortName } from './process/settings.ts';
import { stopOnSignal } from './process/shutdown.ts';
import { SecretKeyError } from './secrets/key-file.ts';
import { SecretKeeper } from './secrets/secret-keeper.ts';
import { SnapshotCache, defaultNodeGroup } from './snapshot/snapshot.ts';
import type { LogStore } from './store/log-store.ts';
import { createMemoryLogStore } from './store/memory-log-store.ts';
import { readBackup } from './store/read-backup.ts';
import { openSqliteLogStore } from './store/sqlite-log-store.ts';
import { StoreError } from './store/log-store.ts';
import { createLookup } from './watch/dns-lookup.ts';
import { NameWatcher } from './watch/name-watcher.ts';
import { WatcherSet } from './watch/watcher-set.ts';
import { Acks } from './xds/acks.ts';
import { findAgents, findWithoutSecrets } from './xds/agents.ts';
import { pagesOfClients } from './xds/client-pages.ts';
import { renderClientStatus } from './xds/client-status.ts';
import { awaitAcks } from './xds/fence.ts';
import { DiscoveryFetch } from './xds/fetch.ts';
import { nodeClusterOf } from './xds/node.ts';
import { createXdsServer } from './xds/server.ts';
import { StreamHub } from './xds/stream-hub.ts';
import type { StreamStatus } from './xds/stream-status.ts';
import { nextTurn } from './xds/turns.ts';

// A stop is over within 5 s: each server gets less than half of it.
const graceMs = 2_000;
// Before that, whoever waits for a commit.
const tellWaitingMs = 1_000;

// What is begun is better ended: a primary may be paused.
const lastPromotionMs = 1_500;

// Of one commit: it may be of thousands of objects.
const maxLoggedWarnings = 20;

/**
 * Starts the daemon; resolves when it serves. From then on it runs until a signal stops it and exits with 0.
 * @throws Failure when the stored state can't be used or a port can't be had.
 */
export async function runDaemon(settings: Settings): Promise<void> {
  const output = new StandardOutput();
  const log = createLogger(settings, output);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected error, exiting; what was answered is on disk');
    process.exit(exitCodes.unexpected);
  });
  for (const name of findUnknownVariables(process.env)) log.warn({ variable: name }, 'no such setting, ignored');
  try {
    await start(settings, log, output);
  } catch (error) {
    const isForOperator = [StoreError, CommitError, SecretKeyError, KeptPromotionsError].some((type) => error instanceof type);
    if (isForOperator) throw new Failure((error as Error).message);
    if (error instanceof TlsFileError) throw new Failure(`${error.path}: ${error.message}`);
    throw error;
  }
}

// By who sees them, whether many of them come or few.
const loggedTypes: readonly EventType[] = ['order', 'nack', 'trouble'];

async function start(settings: Settings, log: Logger, output: StandardOutput): Promise<void> {
  const certificate = await readCertificate(settings, log);
  const store = openStore(settings);
  const state = await store.load();
  const secrets = SecretKeeper.open({ store, keyFile: keyFileOf(settings) }, state);
  const events = await EventLog.open({
    store,
    onFailure: (error) => log.error({ err: error }, 'events are told, and not kept'),
    onTold: ({ id, type, cluster, server, message }) => {
      if (!loggedTypes.includes(type)) log.info({ event: id, type, cluster, server }, message);
    },
  });
  const acks = new Acks({ hub: () => hub, onEvent: (event) => onEvent(event) });
  const onEvent = (event: NewEvent): void => {
    events.note(event);
    metrics.onEvent(event);
    acks.note(event);
  };
  const lookup = createLookup(settings.dnsServers);
  const noteSeen = (): void => {
    controlPlane.noteSeen().catch((error: unknown) => {
      const isPublished = error instanceof StoreError;
      log.error({ err: error }, `what is seen is ${isPublished ? 'published, and not kept for the next start' : 'not published'}`);
    });
  };
  // Asked before there is a control plane, for what was under way.
  let desk: ControlPlane | undefined;
  const failover = createFailoverControl({
    clusters: clustersOf(() => desk, state.committed.clusters),
    notes: state.notes ?? new Map(),
    keepNote: (name, text, apply) => controlPlane.keepNote(name, text, apply),
    fence: { acked: (limitMs) => awaitAcks(hub, limitMs, returningUntilMs(begin)) },
    findSecret: (name) => createSecretFinder(controlPlane.declarations, 'committed', [], secrets.open)(name),
    onTroubles: noteSeen,
    onStep: (record, taken) => onEvent(stepEvent(record, taken)),
    onError: (cluster, error) => log.error({ err: error, cluster }, 'a promotion stopped where it is'),
  });
  const hostNames = new NameWatcher({ lookup, known: state.addresses, onChange: noteSeen });
  const watchers = new WatcherSet({
    findSecret: (name) => {
      const { declarations } = controlPlane;
      // What is staged only is asked for by what is: of which something is to be learned before it is committed.
      const view = declarations.get('committed', 'secret', name) === undefined ? 'staged' : 'committed';
      return createSecretFinder(declarations, view, [], secrets.open)(name);
    },
    onChange: noteSeen,
    onEvent,
  });
  const snapshots = new SnapshotCache();
  const metrics = new Metrics(
    () => statusesOf(hub),
    () => output.droppedLines,
    () => certificate?.notAfterMs,
    () => certificateEndsOf(controlPlane),
    () => controlPlane.status().warnings.map(({ code }) => code),
    () => statesOf(watchers),
  );
  const logWarnings = (warnings: readonly Warning[]): void => {
    for (const { code, message } of warnings) log.warn({ code }, message);
  };
  const parts: ControlPlaneParts = {
    store,
    snapshots,
    renderOptions: {
      xdsClusterName: settings.xdsClusterName,
      redisListener: settings.redisListener,
      redisEmptyListener: settings.redisEmptyListener,
      redisCatchAll: settings.redisCatchAll,
      redisDeny: settings.redisDeny,
      openSecret: secrets.open,
    },
    drainTimeMs: withEnvoyLag(settings.drainTimeMs),
    guardShare: settings.guardShare,
    hostNames,
    watchers,
    dictated: () => failover.book.dictated,
    strays: () => failover.book.strays,
    troubles: () => failover.own.troubles,
    ownAddresses: [
      { flag: '--xds-address', address: settings.xdsAddress },
      { flag: '--api-address', address: settings.apiAddress },
    ],
    onRendered: metrics.onRendered,
    onCommitEnd: (end) => {
      metrics.onCommitEnd(end);
      if (end === 'published') hub.noteCommitted();
    },
    portsInClear: settings.xdsSecrets === 'any' ? findPortsInClear(settings) : [],
    ownCertificates: () => certificate?.expiries ?? [],
    isListenerTaken: () => hub.isListenerTaken(),
    isV2Spoken: () => hub.isSpoken('v2'),
    findAgents: () => hub.agents(),
    findWithoutSecrets: () => hub.withoutSecrets(),
    onWarnings: logWarnings,
    onEvent,
    onGuarded: (findings) => {
      for (const { code, message } of findings) log.warn({ code }, `committed by /api/v1: ${message}`);
    },
    onStep: (warnings) => {
      for (const { code, message } of warnings.slice(0, maxLoggedWarnings)) log.warn({ code }, message);
      const more = warnings.length - maxLoggedWarnings;
      if (more > 0) log.warn({ count: more }, 'and more of that commit');
    },
    onOrder: ({ order, cluster, server, author, message }) => {
      log.info({ order, cluster, server, author, reason: message }, 'ordered');
    },
    onOldRoutes: (old) => log.warn({ code: 'old-routes', count: old.count }, describeOldRoutes(old)),
  };
  const controlPlane = await ControlPlane.open(parts, state);
  desk = controlPlane;
  const { goneTimeMs } = settings;
  const begin = snapshots.get(defaultNodeGroup) && { atMs: performance.now(), goneTimeMs };
  const hub = new StreamHub({
    snapshots,
    groupOf: nodeClusterOf,
    log,
    observer: metrics.observer,
    onEncoded: metrics.onEncoded,
    goneTimeMs,
    secretsFor: settings.xdsSecrets,
    secretValues: () => controlPlane.secretValues(),
    onEvent,
    // What concerns one of a sort concerns them all: status names who is connected.
    onFirstOfSort: (client) => {
      logWarnings(controlPlane.findWarningsOfClients(findAgents([client]), findWithoutSecrets([client])));
    },
  });
  const tlsOf = (port: TlsPortName): TlsPort | undefined => {
    if (certificate === undefined || !settings.tlsPorts.includes(port)) return undefined;
    return new TlsPort(certificate, port === 'xds' && settings.tlsClientCa !== undefined);
  };
  const tls = { xds: tlsOf('xds'), api: tlsOf('api') };
  const xds = createXdsServer(hub, log, {}, tls.xds);
  const stopping = new AbortController();
  const apiV2 = createV2({
    desk: controlPlane,
    readBackup: async (directory) => secrets.adopt(await readBackup(directory)),
    secrets,
    names: { known: () => hostNames.addresses, lookup },
    hub,
    failovers: failover.failovers,
    events,
    start: begin,
    stopping: stopping.signal,
    log,
  });
  const discoveryApi = createDiscoveryApi({
    discovery: new DiscoveryFetch(snapshots, nodeClusterOf, hub.listenerTakers, (client) => hub.notePoll(client)),
    secretsFor: settings.xdsSecrets,
    renderClientStatus: (request) => renderClientStatus(request, (select) => pagesOfClients(hub, select)),
  });
  const mounts = [['/api/v2', apiV2], ['/', discoveryApi], ['/', createMetricsApi(metrics)]] as const;
  const names = [...settings.apiHosts, settings.apiAddress.host];
  const api = createApiServer(createApi(controlPlane, log, undefined, mounts, names), {
    refused: new RefusedConnections(log, 'api'),
    ...(tls.api && { tls: tls.api }),
  });
  stopOnSignal(log, async () => {
    stopping.abort();
    await failover.stop(lastPromotionMs);
    // Who waits for a commit is told how things stand while there are streams to tell of.
    await nextRound();
    // They are told in turns; this one comes after theirs.
    await Promise.race([nextTurn(), sleep(tellWaitingMs)]);
    hostNames.close();
    watchers.close();
    controlPlane.close();
    acks.close();
    await Promise.all([api.shutDown(graceMs), xds.shutDown(graceMs)]);
    await events.close();
    await store.close();
  });
  const left = await removeLeftDirectories();
  if (left > 0) log.info({ count: left }, 'removed temporary folders of calls that ended with their process');
  const lost = new LostConnections(log);
  await listen(api, settings.apiAddress, tls.api, lost, 'Starting API server on', log);
  await listen(xds, settings.xdsAddress, tls.xds, lost, 'Starting a server on', log);
  failover.start();
  // Node keeps it at an exit only, and this process may be killed.
  flushCompileCache();
}

async function readCertificate(settings: Settings, log: Logger): Promise<ServedCertificate | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa } = settings;
  return cert === undefined || key === undefined ? undefined : ServedCertificate.read({ cert, key, clientCa }, log);
}

function openStore({ dataDir, keptRevisions }: Settings): LogStore {
  if (dataDir === undefined) return createMemoryLogStore(keptRevisions);
  return openSqliteLogStore(dataDir, { nowMs: Date.now(), keptRevisions });
}

// Beside the state it keeps backups from being read, and no more.
function keyFileOf({ secretKeyFile, dataDir }: Settings): string | undefined {
  return secretKeyFile ?? (dataDir === undefined ? undefined : join(dataDir, 'secret.key'));
}

function certificateEndsOf({ declarations }: ControlPlane): number[] {
  const ends = declarations.list('committed', 'secret').map(({ not_after: end }) => end);
  return ends.filter((end) => end !== undefined).map((end) => Date.parse(end));
}

/** The flags of the ports on which others can read along. */
function findPortsInClear({ xdsAddress, apiAddress, tlsCert, tlsPorts }: Settings): string[] {
  const ports = [['xds', xdsAddress, '--xds-address'], ['api', apiAddress, '--api-address']] as const;
  const isInClear = (port: TlsPortName, { host }: Address): boolean => {
    return !isLoopback(host) && host !== 'localhost' && (tlsCert === undefined || !tlsPorts.includes(port));
  };
  return ports.flatMap(([port, address, flag]) => (isInClear(port, address) ? [flag] : []));
}

function statesOf({ seen }: WatcherSet): string[] {
  return [...seen.values()].flatMap((servers) => Array.from(servers.values(), ({ state }) => state));
}

function statusesOf(hub: StreamHub): Iterable<StreamStatus> {
  return hub.streams.values().map((stream) => stream.status());
}

interface Listener {
  listen(host: string, port: number, onAcceptError: OnAcceptError): Promise<number>;
}

async function listen(
  server: Listener,
  { host, port }: Address,
  tls: TlsPort | undefined,
  lost: LostConnections,
  announcement: string,
  log: Logger,
): Promise<void> {
  try {
    const boundPort = await server.listen(host, port, lost.note);
    log.info(`${announcement} ${formatAddress({ host, port: boundPort })}${tls === undefined ? '' : ', with TLS'}`);
  } catch (error) {
    throw new Failure(`can't listen on ${formatAddress({ host, port })}: ${(error as Error).message}`);
  }
}
