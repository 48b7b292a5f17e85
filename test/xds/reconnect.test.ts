// What goes out can come back: an Envoy names all that it holds when it connects again, and that must be taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeMessage } from '../../src/proto/protos.ts';
import { addCluster } from '../support/xds/changes.ts';
import { deltaApis } from '../support/xds/delta-api.ts';
import { discoveryApis, typeUrlOf } from '../support/xds/discovery-api.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds } from '../support/xds/served-xds.ts';

/** As many clusters as a commit takes, with the longest names that they may have then. */
const largest = [
  { clusters: 50_000, nameBytes: 59 },
  { clusters: 15_033, nameBytes: 255 },
];

/** What Envoy says of itself, with each extension that is compiled in. */
const node = { id: 'envoy', metadata: { fields: { extensions: { stringValue: 'x'.repeat(80_000) } } } };

const version = '0'.repeat(32);

const requests: Readonly<Record<string, { path: string; message: string; of: (names: readonly string[]) => object }>> = {
  delta: {
    path: deltaApis.v3.aggregatedPath,
    message: deltaApis.v3.request,
    of: (names) => ({
      resource_names_subscribe: names,
      initial_resource_versions: Object.fromEntries(names.map((name) => [name, version])),
    }),
  },
  'state of the world': {
    path: discoveryApis.v3.aggregatedPath,
    message: discoveryApis.v3.sotwRequest,
    of: (names) => ({ resource_names: names, version_info: version }),
  },
};

for (const { clusters, nameBytes } of largest) {
  test(`an Envoy that holds ${clusters} clusters, and as many of the commit before, comes back`, async (t) => {
    const xds = await serveXds(t);
    const names = namesOf(clusters, nameBytes);
    for (const name of names) xds.stage(...addCluster(name));
    xds.commit();
    assert.throws(() => xds.commit(...addCluster('x'.repeat(nameBytes))), { name: 'CommitError' });
    const held = [...names, ...namesOf(clusters, nameBytes, 'gone')];
    for (const { path, message, of } of Object.values(requests)) {
      const type_url = typeUrlOf('v3', 'endpoint');
      assert.equal(await answerTo(xds, path, encodeMessage(message, { node, type_url, ...of(held) })), 'a response');
    }
  });
}

function namesOf(count: number, bytes: number, prefix = 'c'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`.padEnd(bytes, 'x'));
}

/** `a response`, or with what the stream was ended. */
async function answerTo(xds: ServedXds, path: string, request: Uint8Array): Promise<string> {
  const connection = xds.connect();
  const answered = Promise.withResolvers<string>();
  const call = connection.call(path, () => answered.resolve('a response'));
  call.onEnd(({ code, details }) => answered.resolve(`${code} ${details}`));
  call.send(request);
  const answer = await answered.promise;
  connection.close();
  return answer;
}
