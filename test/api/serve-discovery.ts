// Discovery over HTTP beside a control plane in this process, on a free loopback port.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { pino } from 'pino';

import { createApi } from '../../src/api/app.ts';
import { createDiscoveryApi } from '../../src/api/discovery.ts';
import { pagesOfClients } from '../../src/xds/client-pages.ts';
import { renderClientStatus } from '../../src/xds/client-status.ts';
import { DiscoveryFetch } from '../../src/xds/fetch.ts';
import { defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import type { NodeGroupOf } from '../../src/xds/node.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds } from '../support/xds/served-xds.ts';
import { exchange } from './serve-api.ts';
import type { Answer } from './serve-api.ts';

export interface ServedDiscovery {
  readonly xds: ServedXds;
  readonly port: number;
  /** POSTs a body to a path, as curl -d does. */
  post(path: string, body?: string): Promise<Answer>;
}

/** Serves until the test ends. */
export async function serveDiscovery(
  t: TestContext,
  groupOf: NodeGroupOf = () => defaultNodeGroup,
  renderStatus?: () => Promise<string>,
): Promise<ServedDiscovery> {
  const xds = await serveXds(t);
  const discoveryApi = createDiscoveryApi({
    secretsFor: 'private',
    discovery: new DiscoveryFetch(xds.snapshots, groupOf, xds.hub.listenerTakers),
    renderClientStatus:
      renderStatus ?? ((request) => renderClientStatus(request, (select) => pagesOfClients(xds.hub, select))),
  });
  const control = { change: async () => undefined, commit: async () => ({ changed: false, revision: 0, changes: [], warnings: [] }) };
  const server = createServer(createApi(control, pino({ level: 'silent' }), undefined, [['/', discoveryApi]]));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    xds,
    port,
    post: (path, body = '') => {
      const headers = ['Host: x', 'Connection: close', `Content-Length: ${Buffer.byteLength(body)}`];
      return exchange(port, `POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
    },
  };
}
