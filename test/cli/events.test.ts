// `controlplane events`: what it asks and shows.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { problem, runInProcess, serveCanned } from './canned-api.ts';
import { startCli } from './run-cli.ts';

const at = '2026-01-31T09:30:00.000Z';
const down = { id: 1, at, type: 'server-down', cluster: 'carts', server: '10.0.0.1:1', message: 'cluster "carts": 10.0.0.1:1 is down: refused' };
const acked = { id: 2, at, type: 'acked', message: '2 Envoys have it 35 ms after: revision 7', data: { ms: 35, envoys: 2, missing: 0 } };

describe('what happened', () => {
  test('is shown page by page, a line for each, with what it concerns', async (t) => {
    const api = await serveCanned(t, {
      'GET /events?limit=1000': { body: { events: [down], next: 1 } },
      'GET /events?after=1&limit=1000': { body: { events: [acked] } },
    });
    const { status, stdout } = await runInProcess(['events', '--api', api.address]);
    assert.equal(status, 0);
    assert.deepEqual(stdout.split('\n'), [
      `${at}  server-down        carts             10.0.0.1:1 is down: refused`,
      `${at}  acked              -                 2 Envoys have it 35 ms after: revision 7`,
      '',
    ]);
  });

  test('is asked for as it is wanted', async (t) => {
    const api = await serveCanned(t, { 'GET /events?after=3&cluster=a+b&type=nack&limit=1000': { body: { events: [] } } });
    const words = ['events', '--after', '3', '--cluster', 'a b', '--type', 'nack', '--api', api.address];
    assert.deepEqual(await runInProcess(words), { status: 0, stdout: '', stderr: '' });
  });

  test('is one object a line in JSON, and a document each in YAML', async (t) => {
    const bad = { ...acked, id: 3, message: 'a\u202eb\n' };
    const api = await serveCanned(t, { 'GET /events?limit=1000': { body: { events: [down, bad] } } });
    const { stdout } = await runInProcess(['events', '-o', 'json', '--api', api.address]);
    assert.deepEqual(stdout.trimEnd().split('\n').map((line) => JSON.parse(line)), [down, bad]);
    assert.doesNotMatch(stdout, /\u202e/u);
    const yaml = await runInProcess(['events', '-o', 'yaml', '--api', api.address]);
    assert.match(yaml.stdout, /^---\nid: 1\n[\s\S]*\n---\nid: 3\n/u);
  });

  test('can\'t do anything to a terminal', async (t) => {
    const evil = { ...down, cluster: 'a\u001b[2J', message: '\u001b[31mred\nline' };
    const api = await serveCanned(t, { 'GET /events?limit=1000': { body: { events: [evil] } } });
    const { stdout } = await runInProcess(['events', '--api', api.address]);
    assert.match(stdout, /a\\u\{1b\}\[2J {2}.*\\u\{1b\}\[31mred\\u\{a\}line\n$/u);
  });

  test('is told to be none of these, with the rule', async (t) => {
    const api = await serveCanned(t, { 'GET /events?limit=1000': problem(503, 'the disk is full') });
    const { status, stderr } = await runInProcess(['events', '--api', api.address]);
    assert.deepEqual([status, stderr], [1, 'controlplane: the disk is full\n']);
    const wrong = await runInProcess(['events', '--type', 'party']);
    assert.match(wrong.stderr, /^controlplane: --type "party": must be one of server-up, /u);
  });
});

/** Sends what it is told, a connection after the other, and remembers what it was asked. */
async function serveStreams(t: TestContext, streams: readonly string[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const text = streams[asked.length];
    asked.push(`${request.url} ${request.headers.accept}`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text ?? '');
    if (text !== undefined) setTimeout(() => response.destroy(), 50);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('what happens is followed, and gone on with where it was cut off', async (t) => {
  const dataOf = (event: { readonly id: number }) => `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;
  const { asked, address } = await serveStreams(t, ['id: 5\n\n', `:\nid: 6\n\n${dataOf({ ...down, id: 7 })}`, dataOf({ ...acked, id: 8 })]);
  const cli = startCli(t, ['events', '--follow', '--cluster', 'carts', '--api', address]);
  await cli.untilOutput(/2 Envoys have it 35 ms/u);
  await cli.until('it asks again', async () => asked.length >= 4);
  assert.match(cli.output, /10\.0\.0\.1:1 is down[\s\S]*2 Envoys have it/u);
  assert.deepEqual(asked.slice(0, 4), [
    '/api/v2/events?cluster=carts text/event-stream',
    '/api/v2/events?after=5&cluster=carts text/event-stream',
    '/api/v2/events?after=7&cluster=carts text/event-stream',
    '/api/v2/events?after=8&cluster=carts text/event-stream',
  ]);
});

test('nothing is followed where no control plane is', async () => {
  const { status, stderr } = await runInProcess(['events', '-f', '--api', '127.0.0.1:1']);
  assert.equal(status, 1);
  assert.match(stderr, /^controlplane: can't reach the control plane at 127\.0\.0\.1:1: /u);
});
