import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isPrivateConnection } from '../../src/net/private-connection.ts';

const cases: readonly (readonly [remoteAddress: string | undefined, encrypted: boolean | undefined, isPrivate: boolean])[] = [
  ['127.0.0.1', undefined, true],
  ['127.1.2.3', undefined, true],
  ['::1', undefined, true],
  ['::ffff:127.0.0.1', undefined, true],
  ['::ffff:10.0.0.1', undefined, false],
  ['10.0.0.1', undefined, false],
  ['10.0.0.1', false, false],
  ['10.0.0.1', true, true],
  ['::ffff:10.0.0.1', true, true],
  ['fe80::1%eth0', undefined, false],
  // Of a connection that is gone nothing is known.
  [undefined, undefined, false],
];
for (const [remoteAddress, encrypted, isPrivate] of cases) {
  test(`a connection from ${remoteAddress} ${encrypted === true ? 'with' : 'without'} TLS is private: ${isPrivate}`, () => {
    assert.equal(isPrivateConnection({ remoteAddress, encrypted }), isPrivate);
  });
}
