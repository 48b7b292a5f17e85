import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { encodeMessage } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';
import { MalformedRequestError } from '../../src/xds/discovery-request.ts';
import { parseNode } from '../../src/xds/node.ts';

const messages = { v2: 'envoy.api.v2.core.Node', v3: 'envoy.config.core.v3.Node' };

const metadata: PlainMessage = { fields: { foo: { stringValue: 'bar' }, n: { numberValue: 1 } } };

for (const [version, message] of Object.entries(messages)) {
  describe(`parseNode (${version})`, () => {
    test('reads what is used and passes over the rest', () => {
      const bytes = encodeMessage(message, {
        id: 'envoy-1',
        cluster: 'redis',
        metadata,
        locality: { region: 'r', zone: 'z' },
        user_agent_name: 'envoy',
      });
      assert.deepEqual(parseNode(bytes), { id: 'envoy-1', cluster: 'redis', userAgentName: 'envoy' });
    });

    test('gives empty strings for what is not told', () => {
      assert.deepEqual(parseNode(encodeMessage(message, { id: 'n' })), { id: 'n', cluster: '', userAgentName: '' });
    });

    for (const [why, node] of [
      ['no id', { cluster: 'redis' }],
      ['an empty id', { id: '', cluster: 'redis' }],
    ] as const) {
      test(`refuses ${why}`, () => {
        assert.throws(() => parseNode(encodeMessage(message, node)), MalformedRequestError);
      });
    }

    test('refuses a node that is cut short', () => {
      const whole = encodeMessage(message, { id: 'envoy-1', cluster: 'redis' });
      const endOfId = 9;
      for (let length = 1; length < whole.length; length += 1) {
        if (length === endOfId) continue;
        assert.throws(() => parseNode(whole.subarray(0, length)), MalformedRequestError, `${length} bytes`);
      }
    });
  });
}

describe('parseNode', () => {
  test('throws MalformedRequestError and nothing else, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          assert.notEqual(parseNode(Buffer.from(bytes)).id, '');
        } catch (error) {
          assert.ok(error instanceof MalformedRequestError, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
