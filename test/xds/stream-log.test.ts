import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';

import { StreamLog } from '../../src/xds/stream-log.ts';
import { waitUntil } from '../support/wait-until.ts';
import { addCluster } from '../support/xds/changes.ts';
import { FakeTransport } from '../support/xds/fake-transport.ts';
import { ServedXds } from '../support/xds/served-xds.ts';
import { nodeOf } from '../support/xds/stream-status.ts';

const variant = { apiVersion: 'v3', isAggregated: true } as const;

interface Line {
  readonly msg: string;
  readonly lines?: number;
}

describe('what streams log', () => {
  test('is ten lines of one that refuses whatever comes, and those of others', async () => {
    const xds = new ServedXds({});
    const [loud, other] = [new FakeTransport(xds.hub, variant), new FakeTransport(xds.hub, variant)];
    loud.onResponse = ({ nonce }) => {
      loud.request('cluster', { response_nonce: nonce, error_detail: { code: 13, message: 'x'.repeat(5_000) } });
    };
    loud.subscribe('cluster', 'loud');
    for (let port = 1; port <= 30; port += 1) {
      xds.commit(...addCluster(`c${port}`, port));
      await waitUntil('it is refused', () => loud.written.length === port);
    }
    other.subscribe('cluster', 'other');
    const { nonce } = await other.responses.take('the clusters');
    other.request('cluster', { response_nonce: nonce, error_detail: { code: 13, message: 'no' } });
    const nodes = xds.logged('NACK').map(({ node_id: id }) => id);
    assert.deepEqual(nodes, [...Array.from({ length: 10 }, () => 'loud'), 'other']);
    assert.ok(xds.logged('NACK').every((line) => JSON.stringify(line).length < 1_600));
  });

  test('is cut where the client made it long', () => {
    const lines: string[] = [];
    const log = new StreamLog(pino({ base: null, level: 'debug' }, { write: (line) => void lines.push(line) }));
    const [id, cluster] = ['i'.repeat(100_000), 'c'.repeat(100_000)];
    const node = nodeOf(id, cluster);
    log.opened(node);
    log.unknownType(node, 'type.googleapis.com/unknown');
    log.nack(node, 'type.googleapis.com/known', {
      version: 'v',
      nonce: '1',
      code: 13,
      message: 'no',
      names: ['n'.repeat(100_000)],
      isInForce: false,
    });
    for (const line of lines) assert.ok(line.length < 1_000, `${line.length} characters`);
    assert.match(lines[0] ?? '', /"node_id":"i{200}…","node_cluster":"c{200}…"/u);
  });

  test('is told of when it was left out', async () => {
    const lines: Line[] = [];
    const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
    const log = new StreamLog(pino({ base: null }, { write }), { windowMs: 50, perStream: 1 });
    const node = nodeOf('n');
    for (let time = 0; time < 3; time += 1) log.unknownType(node, 'type');
    const { lines: leftOut } = await waitUntil('it is told', () =>
      lines.find(({ msg }) => msg === 'log lines of streams left out'),
    );
    assert.equal(leftOut, 2);
    assert.equal(lines.length, 2);
  });

  test('is bounded for streams that end before they say who they are, however many come', () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const log = new StreamLog(pino({ base: null }, { write }), { windowMs: 60_000 });
    for (let time = 0; time < 100; time += 1) {
      log.ended(undefined, `127.0.0.1:${time}`, 'RESOURCE_EXHAUSTED', 'too large');
      log.badRequest(undefined, `127.0.0.1:${time}`, 'no node');
      log.connectionEnded(undefined, `127.0.0.1:${time}`);
    }
    assert.equal(lines.length, 10);
  });
});
