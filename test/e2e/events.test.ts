// A server that is killed behind a real Envoy, as those see it who follow what happens: from the look that suspects it to
// the ACK; over a restart of the control plane too.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { EventMessage } from '../../src/api/v2/messages.ts';
import { startCli } from '../cli/run-cli.ts';
import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';

// What is killed refuses at once; a busy machine is given time.
const watch = { interval: '100ms', timeout: '5s', down_after: 2, up_after: 1 };

test('a killed server is told of from the first doubt to the last ACK, and of its return', async (t) => {
  const servers = await Promise.all([startRedis(t), startRedis(t), startRedis(t)]);
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${await freePort()}`]);
  const { api } = controlPlane;
  const run = (...words: readonly string[]) => runInProcess([...words, '--api', api]);
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
  await envoy.untilStreams('open');

  // Who follows: by the API, and by the command.
  const leaving = new AbortController();
  t.after(() => leaving.abort());
  const stream = await fetch(`http://${api}/api/v2/events?after=0`, {
    headers: { Accept: 'text/event-stream' },
    signal: leaving.signal,
  });
  const told: EventMessage[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const [rest = '', ...pieces] = (text + chunk).split('\n\n').reverse();
      text = rest;
      for (const piece of pieces.reverse()) {
        const data = /^data: (.*)$/mu.exec(piece)?.[1];
        if (data !== undefined) told.push(JSON.parse(data) as EventMessage);
      }
    }
  };
  read().catch(() => undefined);
  const follower = startCli(t, ['events', '--follow', '--after', '0', '--cluster', 'cache', '--api', api]);
  const until = (what: string, isIt: (event: EventMessage) => boolean): Promise<EventMessage> =>
    waitUntil(what, () => told.find(isIt));

  const response = await fetch(`http://${api}/api/v2/clusters/cache`, {
    method: 'PUT',
    body: JSON.stringify({ endpoints: servers.map(({ port }) => ({ address: '127.0.0.1', port })), watch }),
    headers: { 'content-type': 'application/json', 'x-author': 'ann' },
  });
  assert.ok(response.ok, await response.text());
  await run('commit', '-m', 'three servers', '--author', 'ann');
  const commit = await until('the commit', ({ type }) => type === 'commit');
  assert.deepEqual([commit.message, commit.data?.['revision']], ['revision 1 by ann: three servers', 1]);
  const published = await until('its ACK', ({ type, id }) => type === 'acked' && id > commit.id);
  assert.deepEqual([published.data?.['envoys'], published.data?.['missing']], [1, 0]);
  for (const { port } of servers) {
    await until('all are up', ({ type, server }) => type === 'server-up' && server === `127.0.0.1:${port}`);
  }

  const [first] = servers;
  const server = `127.0.0.1:${first.port}`;
  await first.child.end('SIGKILL');
  const left = await until('it is left out', (event) => event.type === 'server-left-out' && event.server === server);
  const acked = await until('the Envoy has it', ({ type, id }) => type === 'acked' && id > left.id);
  const ofIt = told.filter((event) => event.server === server && event.id > published.id).map(({ type }) => type);
  assert.deepEqual(ofIt.slice(ofIt.indexOf('server-suspect')), ['server-suspect', 'server-down', 'server-left-out']);
  assert.deepEqual([acked.cluster, acked.data?.['envoys'], acked.data?.['missing']], ['cache', 1, 0]);
  assert.ok(Number(acked.data?.['ms']) < 30_000);
  assert.deepEqual(told.map(({ id }) => id), told.map((_, index) => index + 1));
  await follower.untilOutput(new RegExp(`server-left-out +cache +${server} is left out: refused`, 'u'));
  await follower.untilOutput(/acked +cache +1 Envoy has it \d+ ms after: /u);

  const summary = `attention: 1 server down (cache ${server}), 1 Envoy in sync, 2 servers up\n`;
  await waitUntil('the status says so', async () => (await run('status')).stdout.startsWith(summary));
  const scraped = await (await fetch(`http://${api}/metrics`)).text();
  assert.match(scraped, /^controlplane_events_total\{type="server-left-out"\} 1$/mu);
  assert.match(scraped, /^controlplane_cause_to_ack_seconds_count [1-9]\d*$/mu);

  // Killed, it knows what it has told; who follows goes on.
  const before = told.length;
  await controlPlane.kill();
  await controlPlane.comeBack();
  await startRedis(t, first.port);
  await follower.untilOutput(new RegExp(`server-back +cache +${server} is let in again`, 'u'));
  const page = (await (await fetch(`http://${api}/api/v2/events?after=${before - 1}&limit=1000`)).json()) as { events: EventMessage[] };
  assert.deepEqual(page.events[0], told[before - 1]);
  const lines = (await run('events', '-o', 'json')).stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as EventMessage);
  assert.deepEqual(lines.map(({ id }) => id), lines.map((_, index) => index + 1));
  assert.ok(lines.some(({ type, id }) => type === 'server-back' && id > before));
  assert.equal(follower.output.match(/server-left-out/gu)?.length, 1);
});
