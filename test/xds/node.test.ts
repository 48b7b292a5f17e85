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
        user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 }, metadata },
      });
      assert.deepEqual(parseNode(bytes), {
        id: 'envoy-1',
        cluster: 'redis',
        userAgentName: 'envoy',
        userAgentVersion: '1.40.0',
      });
    });

    test('gives empty strings for what is not told', () => {
      const node = parseNode(encodeMessage(message, { id: 'n' }));
      assert.deepEqual(node, { id: 'n', cluster: '', userAgentName: '', userAgentVersion: '' });
    });

    test('takes a version in words, and one that is not told', () => {
      const versionOf = (fields: PlainMessage): string =>
        parseNode(encodeMessage(message, { id: 'n', ...fields })).userAgentVersion;
      assert.equal(versionOf({ user_agent_version: '2.0-dev' }), '2.0-dev');
      assert.equal(versionOf({ user_agent_build_version: { metadata } }), '');
      assert.equal(versionOf({ user_agent_build_version: { version: { minor_number: 3 } } }), '0.3.0');
    });

    test('keeps a program of any name and version, but not all of a long one', () => {
      const long = 'x'.repeat(1_000_000);
      const node = parseNode(encodeMessage(message, { id: 'n', user_agent_name: long, user_agent_version: long }));
      assert.deepEqual([node.userAgentName.length, node.userAgentVersion.length], [256, 256]);
    });

    for (const field of ['id', 'cluster']) {
      test(`takes a node.${field} of 1,024 bytes, and refuses a longer one by field, length and rule`, () => {
        const read = (value: string): unknown => parseNode(encodeMessage(message, { id: 'n', [field]: value }));
        read('x'.repeat(1024));
        read('é'.repeat(512));
        const rule = { name: 'MalformedRequestError', message: `node.${field}: 1025 bytes, at most 1024 are taken` };
        assert.throws(() => read('x'.repeat(1025)), rule);
        assert.throws(() => read(`${'é'.repeat(512)}x`), rule);
      });
    }

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
