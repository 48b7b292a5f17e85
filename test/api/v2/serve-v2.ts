// /api/v2 and the xDS port of one control plane, in this process, on free loopback ports.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { pino } from 'pino';

import { createApi } from '../../../src/api/app.ts';
import type { ClientsMessage } from '../../../src/api/v2/messages.ts';
import { createV2 } from '../../../src/api/v2/router.ts';
import type { V2Parts } from '../../../src/api/v2/router.ts';
import { EventLog } from '../../../src/events/event-log.ts';
import { createMemoryLogStore } from '../../../src/store/memory-log-store.ts';
import { readBackup } from '../../../src/store/read-backup.ts';
import { LookupError } from '../../../src/watch/dns-lookup.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { LogLine, ServedXds } from '../../support/xds/served-xds.ts';
import { failoversOf } from '../../support/failovers.ts';
import { openDesk } from '../../support/open-desk.ts';
import { openSecret, testVault } from '../../support/test-vault.ts';

export interface ServedV2 {
  readonly xds: ServedXds;
  /** `http://host:port/api/v2`. */
  readonly url: string;
  /** Aborting it is what the daemon does when it stops. */
  readonly stopping: AbortController;
  /** Grows by one per log line. */
  readonly log: LogLine[];
}

/** Serves until the test ends; `parts` stand in for the real ones. */
export async function serveV2(t: TestContext, parts: Partial<V2Parts> = {}): Promise<ServedV2> {
  const xds = await serveXds(t);
  const stopping = new AbortController();
  const log: LogLine[] = [];
  const logger = pino({ base: null }, { write: (line) => void log.push(JSON.parse(line) as LogLine) });
  const desk = Object.assign(await openDesk(), { commit: async () => ({ ...xds.commit(), revision: 1, changes: [], warnings: [] }) });
  const v2 = createV2({
    desk,
    readBackup,
    secrets: { seal: async (secret) => testVault.seal(secret), open: openSecret, rotateKey: async () => undefined },
    names: {
      known: () => new Map(),
      lookup: async () => {
        throw new LookupError('not found');
      },
    },
    hub: xds.hub,
    failovers: failoversOf(parts.desk ?? desk).failovers,
    events: await EventLog.open({ store: createMemoryLogStore(), onFailure: assert.ifError }),
    start: undefined,
    stopping: stopping.signal,
    log: logger,
    ...parts,
  });
  const server = createServer(createApi(desk, logger, undefined, [['/api/v2', v2]]));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { xds, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`, stopping, log };
}

/** What `GET /api/v2/clients` answers; `query` with its question mark. */
export async function getClients({ url }: ServedV2, query = ''): Promise<ClientsMessage> {
  const response = await fetch(`${url}/clients${query}`);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as ClientsMessage;
}
