// The server of the HTTP example, as a process.

import assert from 'node:assert/strict';
import { hostname, networkInterfaces } from 'node:os';
import { test } from 'node:test';

import { startTestServer } from './support/test-server.ts';

test('answers any request with its environment, host name and addresses', async (t) => {
  const server = await startTestServer(t, 'development');
  for (const request of [{ path: '/', method: 'GET' }, { path: '/some/path?with=query', method: 'POST' }]) {
    const response = await fetch(`http://127.0.0.1:${server.port}${request.path}`, { method: request.method });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const addresses = Object.values(networkInterfaces()).flat().map((address) => address?.cidr);
    assert.deepEqual(await response.json(), { env: 'development', hostname: hostname(), ips: addresses });
    assert.ok(addresses.includes('127.0.0.1/8'));
  }
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`ends at once on ${signal}`, async (t) => {
    const server = await startTestServer(t, 'production');
    assert.equal(await server.child.end(signal), 0);
  });
}
