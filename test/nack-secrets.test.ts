// A client that refuses what it was sent may quote it: nothing that this process writes or answers has its secrets.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runCli } from './cli/run-cli.ts';
import { startControlPlane } from './support/controlplane.ts';
import { makePair } from './support/test-vault.ts';
import { waitUntil } from './support/wait-until.ts';
import { SotwClient } from './support/xds/sotw-client.ts';
import { XdsConnection } from './support/xds/xds-connection.ts';

const old = 'old "horse" battery\\staple';
const value = 'correct "horse" battery\\staple é';
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const inBase64 = (text: string): string => Buffer.from(text).toString('base64');

test('no password and no private key of a NACK is logged, shown in status or CSDS, or counted', async (t) => {
  const controlPlane = await startControlPlane(t);
  const { api, place } = controlPlane;
  const ask = async (method: string, path: string, body?: object): Promise<string> => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`http://${api}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    assert.ok(response.ok, text);
    return text;
  };
  const put = (path: string, body: object): Promise<string> => ask('PUT', `/api/v2/${path}`, body);
  const commit = (): Promise<string> => ask('POST', '/api/v2/commit', {});
  const pair = makePair({ name: 'edge' });
  await put('secrets/word', { kind: 'password', value: old });
  await put('secrets/edge', { kind: 'certificate', ...pair });
  const endpoints = [{ address: '127.0.0.1', port: 6379 }];
  const auth = { password: { secret: 'word' } };
  await put('clusters/a', { endpoints, upstream_auth: auth });
  await commit();
  const connection = new XdsConnection(place.xdsPort);
  t.after(() => connection.close());
  const client = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true }, 'refuser');
  client.subscribe('cluster');
  await client.next('cluster');
  client.ack('cluster');
  await put('secrets/word', { kind: 'password', value });
  await commit();
  await client.next('cluster');

  // Beside nothing that says that it is a secret.
  const keyLines = pair.key.trim().split('\n').slice(1, -1);
  const quoted = [old, value].flatMap((each) => [each, inJson(each), inJson(inJson(each)), inBase64(each)]);
  const others = [encodeURIComponent(value), Buffer.from(value).toString('base64url'), inBase64(`user:${value}`)];
  const refusals = [quoted, others, keyLines];
  for (const [index, texts] of refusals.entries()) {
    await put('clusters/a', { endpoints, connect_timeout: `${index + 1}s`, upstream_auth: auth });
    await commit();
    await client.next('cluster');
    client.nack('cluster', `refusal ${index}: ${texts.map((text) => `<${text}>`).join(' ')} will not do`);
    const expected = `refusal ${index}: ${texts.map(() => '<[redacted]>').join(' ')} will not do`;
    await waitUntil('it is known', async () => (await ask('GET', '/api/v2/clients')).includes(expected));
    await waitUntil('it is logged', () => controlPlane.child.output.includes(expected));
    const status = (await runCli(['status', '--api', api])).stdout;
    const csds = await ask('POST', '/v3/discovery:client_status', {});
    assert.ok(status.includes(expected) && csds.includes(expected), `${status}\n${csds}`);
  }
  const isKept = async () => (await ask('GET', '/api/v2/events?type=nack')).includes('<[redacted]>');
  await waitUntil('it is kept', isKept);
  const paths = ['/api/v2/events', '/api/v2/clients', '/metrics', '/api/v2/config', '/api/v2/revisions'];
  const told = [controlPlane.child.output, ...(await Promise.all(paths.map((path) => ask('GET', path))))].join('\n');
  for (const each of refusals.flat()) {
    assert.ok(!told.includes(each) && !told.includes(inJson(each)), `${each} is told in ${told}`);
  }
});
