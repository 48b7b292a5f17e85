import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { protoRoot } from '../../src/proto/protos.ts';
import { dialects, kindOfTypeUrl, messageNames, typeUrlOf } from '../../src/snapshot/dialect.ts';
import type { ApiVersion } from '../../src/snapshot/dialect.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';

const apiVersions: readonly ApiVersion[] = ['v2', 'v3'];

describe('type URLs', () => {
  for (const apiVersion of apiVersions) {
    const otherVersion = apiVersion === 'v2' ? 'v3' : 'v2';
    for (const kind of publishOrder) {
      const messageName = messageNames[apiVersion][kind];
      const typeUrl = typeUrlOf(messageName);

      test(`${typeUrl} is a ${kind} in ${apiVersion} alone`, () => {
        assert.equal(kindOfTypeUrl(apiVersion, typeUrl), kind);
        assert.equal(kindOfTypeUrl(otherVersion, typeUrl), undefined);
        assert.equal(protoRoot.lookupType(messageName).fullName, `.${messageName}`);
      });
    }
  }

  for (const typeUrl of [
    '',
    'envoy.config.cluster.v3.Cluster',
    'type.googleapis.com/',
    'type.googleapis.com/envoy.config.cluster.v3.cluster',
    'type.googleapis.com/envoy.config.cluster.v3.Cluster ',
    'type.googleapis.com/envoy.service.runtime.v3.Runtime',
    'constructor',
  ]) {
    test(`${JSON.stringify(typeUrl)} is nothing that is published`, () => {
      for (const apiVersion of apiVersions) assert.equal(kindOfTypeUrl(apiVersion, typeUrl), undefined);
    });
  }
});

test('each dialect is one object that says what it is', () => {
  const seen = new Set();
  for (const apiVersion of apiVersions) {
    for (const [configSource, dialect] of Object.entries(dialects[apiVersion])) {
      assert.deepEqual(dialect, { apiVersion, configSource });
      seen.add(dialect);
    }
  }
  assert.equal(seen.size, 6);
});
