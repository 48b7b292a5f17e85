// A real name server answers, on loopback.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LookupError, createLookup } from '../../src/watch/dns-lookup.ts';
import { startDns } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';

const refused = (message: string) => (error: unknown): boolean => {
  assert.ok(error instanceof LookupError);
  assert.equal(error.message, message);
  return true;
};

describe('a lookup', () => {
  test('gives all addresses and the time that their records have', async (t) => {
    const { port } = await startDns(t, { 'a.test': ['10.0.0.2', '10.0.0.1'] });
    const { addresses, ttlMs } = await createLookup([`127.0.0.1:${port}`])('a.test');
    assert.deepEqual([addresses.toSorted(), ttlMs], [['10.0.0.1', '10.0.0.2'], 1_000]);
  });

  test('passes over addresses that nobody can connect to', async (t) => {
    const { port } = await startDns(t, { 'some.test': ['0.0.0.0', '10.0.0.1'], 'sink.test': ['0.0.0.0'] });
    const lookup = createLookup([`127.0.0.1:${port}`]);
    assert.deepEqual((await lookup('some.test')).addresses, ['10.0.0.1']);
    await assert.rejects(lookup('sink.test'), refused('not found'));
  });

  test('says in words why there is none', async (t) => {
    const { port } = await startDns(t, { 'empty.test': [] });
    const lookup = createLookup([`127.0.0.1:${port}`]);
    await assert.rejects(lookup('gone.test'), refused('not found'));
    await assert.rejects(lookup('empty.test'), refused('not found'));
    await assert.rejects(createLookup([`127.0.0.1:${await freePort()}`])('a.test'), refused('no name server there'));
  });

  test('asks the host itself where no name server is told', async () => {
    const { addresses } = await createLookup()('localhost');
    assert.ok(addresses.length > 0 && addresses.every((address) => address === '127.0.0.1' || address === '::1'));
  });
});
