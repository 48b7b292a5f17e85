import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeMessage } from '../../src/proto/protos.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { createProtocols } from '../../src/xds/protocol.ts';
import { buildSnapshot } from '../support/xds/hand-made-snapshot.ts';
import type { ResponseBody } from '../../src/xds/discovery-response.ts';

const requests = {
  sotw: 'envoy.service.discovery.v3.DiscoveryRequest',
  delta: 'envoy.service.discovery.v3.DeltaDiscoveryRequest',
};

for (const protocol of ['sotw', 'delta'] as const) {
  test(`who listens is told of each encoding, however many streams need it (${protocol})`, () => {
    const times: number[] = [];
    const { parse, open } = createProtocols((tookMs) => times.push(tookMs))[protocol];
    const snapshot = buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] } });
    const advance = (kind: 'cluster' | 'endpoint', names: readonly string[]): ResponseBody | undefined => {
      const field = protocol === 'sotw' ? 'resource_names' : 'resource_names_subscribe';
      const watch = open(kind, parse(encodeMessage(requests[protocol], { [field]: names })));
      return watch.advance(snapshot.resources(kind, dialects.v3.ads), '1', 0)?.body;
    };
    assert.ok(advance('cluster', []));
    assert.ok(advance('cluster', []));
    assert.equal(times.length, 1);
    assert.ok(advance('endpoint', ['a']));
    assert.ok(advance('endpoint', ['a']));
    assert.equal(times.length, 2);
    assert.ok(times.every((tookMs) => tookMs >= 0));
  });
}
