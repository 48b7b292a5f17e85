// Clients that are gone and could not say so: STR-08 of the catalogue.

import { addCluster } from '../../support/xds/changes.ts';
import { Http2Connection } from '../../support/xds/http2-connection.ts';
import { startRelay } from '../../support/xds/relay.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import { aggregated, scenario } from '../../support/xds/wire-variant.ts';
import { waitUntil } from '../../support/wait-until.ts';

const keepalive = { timeMs: 50, timeoutMs: 3_000 };

scenario('STR-08 a host that is gone without a word is found by pings', aggregated, async (t, variant) => {
  const xds = await serveXds(t, { keepalive });
  xds.commit(...addCluster('a', 6379));
  const relay = await startRelay(t, xds.port);
  const connection = new Http2Connection(relay.port);
  t.after(() => connection.close());
  await new SotwClient(connection, variant, 'gone').hold({ cluster: [] });
  const present = xds.client(variant, 'present');
  await present.hold({ cluster: [] });
  relay.cut();
  await waitUntil('the stream of the host that is gone has ended', () => xds.streamCount < 2);
  xds.commit(...addCluster('b', 6379));
  await present.takeAndAck('cluster');
  await present.assertQuiet();
});
