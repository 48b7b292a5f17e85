import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { encodeMessage } from '../../src/proto/protos.ts';
import { waitUntil } from '../support/wait-until.ts';
import { discoveryApis, typeUrlOf } from '../support/xds/discovery-api.ts';
import { serveXds } from '../support/xds/served-xds.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const mib = 1_048_576;

// A field that nothing here reads: number 100, of 1 MiB.
const ballast = Buffer.concat([Buffer.from([0xa2, 0x06, 0x80, 0x80, 0x40]), Buffer.alloc(mib)]);

test('of a large first request nothing stays but what is told in it', async (t) => {
  const xds = await serveXds(t);
  const { sotwRequest, aggregatedPath } = discoveryApis.v3;
  const connection = xds.connectByHand();
  const bytesBefore = (collectGarbage(), process.memoryUsage().arrayBuffers);
  for (let index = 0; index < 30; index += 1) {
    const head = encodeMessage(sotwRequest, { node: { id: `n${index}` }, type_url: typeUrlOf('v3', 'cluster') });
    connection.call(aggregatedPath, () => undefined).send(Buffer.concat([head, ballast]));
  }
  await waitUntil('all have come', () => [...xds.hub.streams].every(({ nodeId }) => nodeId !== undefined) && xds.streamCount === 30);
  await waitUntil('they are let go', () => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers - bytesBefore < 4 * mib;
  });
  assert.equal(xds.streamCount, 30);
});
