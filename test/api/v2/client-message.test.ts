import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { buildClientMessage } from '../../../src/api/v2/client-message.ts';
import type { TypeMessage } from '../../../src/api/v2/messages.ts';
import { foldClients } from '../../../src/xds/client.ts';
import type { Nack, TypeStatus } from '../../../src/xds/stream-status.ts';
import { buildStreamStatus, buildTypeStatus } from '../../support/xds/stream-status.ts';

const method = { apiVersion: 'v3', protocol: 'sotw', kind: 'endpoint' } as const;

function nackOf(message: string, atMs: number): Nack {
  return { atMs, version: 'v-2', message, names: [], isInForce: false };
}

/** The endpoints of a client that has a stream per cluster. */
function buildEndpoints(...types: readonly Partial<TypeStatus>[]): TypeMessage {
  const streams = types.map((type) => buildStreamStatus([buildTypeStatus('endpoint', type)], { method }));
  const [client] = foldClients(streams);
  assert.ok(client);
  const [endpoints] = buildClientMessage(client).types;
  assert.ok(endpoints);
  return endpoints;
}

describe('of several streams, the last rejection is', () => {
  const [first, second, third] = [nackOf('first', 1), nackOf('second', 2), nackOf('third', 3)];
  const cases: readonly (readonly [what: string, types: readonly Partial<TypeStatus>[], told: string | undefined])[] = [
    ['none', [{}, {}], undefined],
    ['the newest when all are over', [{ lastNack: first }, { lastNack: second }, {}], 'second'],
    ['of those that stand the newest', [{ lastNack: third }, ...[first, second].map(refusedWith)], 'second'],
  ];
  for (const [what, types, told] of cases) {
    test(what, () => {
      const { state, reason, last_nack: nack } = buildEndpoints(...types);
      assert.equal(nack?.message, told);
      if (state === 'error') assert.equal(reason, told);
    });
  }

  function refusedWith(lastNack: Nack): Partial<TypeStatus> {
    return { state: 'error', lastNack };
  }
});
