// What nodes of real Redis Clusters say of them, as it was recorded.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { countSlots, formatSlots, textOfView, uncoveredSlots } from '../../src/effective/cluster-view.ts';
import type { ClusterNode, ClusterView } from '../../src/effective/cluster-view.ts';
import { parseAddress } from '../../src/net/address.ts';
import { readClusterView } from '../../src/watch/read-cluster-view.ts';
import type { ClusterAnswers } from '../../src/watch/read-cluster-view.ts';
import { checkoutPath } from '../support/checkout.ts';

interface Recording {
  readonly asked: string;
  readonly situations: Readonly<Record<string, Readonly<Record<'info' | 'myid' | Topology, unknown>>>>;
}
type Topology = ClusterAnswers['topology']['of'];

function recordingOf(name: string): Recording {
  return JSON.parse(readFileSync(checkoutPath(`test/fixtures/redis-cluster/${name}.json`), 'utf8')) as Recording;
}

function viewOf(name: string, situation: string, of: Topology): ClusterView {
  const { asked, situations } = recordingOf(name);
  const answers = situations[situation];
  assert.ok(answers !== undefined);
  const { info, myid: myId, [of]: reply } = answers;
  const view = readClusterView({ info, myId, topology: { of, reply } }, { ...parseAddress(asked), isTls: false });
  assert.ok(view !== undefined);
  return view;
}

/** `+0 primary 0-5460`: the port from that of the first on, role, slots; `replica of +0`; `fail`, where it is. */
function tell({ nodes }: ClusterView, asked: string): string[] {
  const first = parseAddress(asked).port;
  const nameOf = (node: ClusterNode | undefined): string => {
    return node?.address === undefined ? '?' : `+${parseAddress(node.address).port - first}`;
  };
  const lines = nodes.map((node) => {
    const follows = node.follows === undefined ? [] : ['of', nameOf(nodes.find(({ id }) => id === node.follows))];
    const state = node.state === 'fail' ? ['fail'] : [];
    return [nameOf(node), node.role, ...follows, ...node.slots.map(formatSlots), ...state].join(' ');
  });
  return lines.sort();
}

// Which of the others is whose replica, redis-cli decided.
const ways = [
  ['redis-7.0', 'shards'],
  ['redis-7.0', 'nodes'],
  ['valkey-9.1', 'shards'],
  ['valkey-9.1', 'nodes'],
  ['redis-6.2', 'nodes'],
] as const;

describe('what a node says of its cluster', () => {
  for (const [name, of] of ways) {
    const { asked } = recordingOf(name);
    const primaries = (lines: readonly string[]): string[] => lines.filter((line) => !line.includes('replica'));

    test(`${name}, CLUSTER ${of.toUpperCase()}: who there is, and who has what`, () => {
      const view = viewOf(name, 'whole', of);
      const lines = tell(view, asked);
      assert.deepEqual(primaries(lines), ['+0 primary 0-5460', '+1 primary 5461-10922', '+2 primary 10923-16383']);
      const replicas = lines.filter((line) => /^\+[345] replica of \+[012]$/.test(line));
      assert.equal(new Set(replicas.map((line) => line.slice(-2))).size, 3);
      assert.deepEqual([view.state, view.epoch, lines.length], ['ok', 6, 6]);
      assert.equal(view.nodes.find(({ id }) => id === view.ownId)?.address, asked);
      assert.deepEqual(uncoveredSlots(view), []);
    });

    test(`${name}, CLUSTER ${of.toUpperCase()}: after a failover the one that was killed has failed`, () => {
      const view = viewOf(name, 'failed_over', of);
      const lines = tell(view, asked);
      assert.ok(lines.includes('+1 primary fail'), lines.join());
      assert.equal(lines.filter((line) => /^\+[345] primary 5461-10922$/.test(line)).length, 1);
      assert.deepEqual([view.state, view.epoch, lines.length], ['ok', 7, 6]);
      assert.deepEqual(uncoveredSlots(view), []);
    });

    test(`${name}, CLUSTER ${of.toUpperCase()}: slots whose server failed are uncovered`, () => {
      const view = viewOf(name, 'uncovered', of);
      const lines = tell(view, asked);
      assert.equal(lines.filter((line) => /^\+[345] primary 5461-10922 fail$/.test(line)).length, 1, lines.join());
      assert.deepEqual([view.state, view.nodes.filter(({ state }) => state === 'fail').length], ['fail', 2]);
      assert.deepEqual(uncoveredSlots(view), [{ first: 5461, last: 10922 }]);
      assert.equal(countSlots(uncoveredSlots(view)), 5462);
    });
  }

  test('is alike by whichever command it is asked', () => {
    for (const name of ['redis-7.0', 'valkey-9.1']) {
      for (const situation of ['whole', 'failed_over', 'uncovered']) {
        assert.equal(textOfView(viewOf(name, situation, 'shards')), textOfView(viewOf(name, situation, 'nodes')));
      }
    }
    for (const name of ['redis-6.2', 'valkey-9.1']) {
      assert.equal(textOfView(viewOf(name, 'whole', 'slots')), textOfView(viewOf(name, 'whole', 'nodes')));
    }
  });

  test('by CLUSTER SLOTS has no server that is given up', () => {
    const view = viewOf('redis-6.2', 'failed_over', 'slots');
    assert.equal(view.nodes.length, 5);
    assert.deepEqual(uncoveredSlots(view), []);
  });

  test('has the names that nodes prefer to be reached by, and else their addresses', () => {
    const addressesOf = (name: string): unknown[] => viewOf(name, 'whole', 'shards').nodes.map(({ address }) => address).sort();
    assert.deepEqual(addressesOf('redis-7.0-hostnames'), Array.from({ length: 6 }, (_, i) => `node-${i}.example:${27520 + i}`));
    assert.deepEqual(addressesOf('redis-7.0-unknown-endpoint'), Array.from({ length: 6 }, (_, i) => `127.0.0.1:${27580 + i}`));
  });

  const info = 'cluster_state:ok\r\ncluster_current_epoch:3\r\n';
  const asked = { host: '10.0.0.9', port: 7000, isTls: false };
  const read = (of: Topology, reply: unknown, at = asked): ClusterView | undefined => {
    return readClusterView({ info, myId: 'b', topology: { of, reply } }, at);
  };

  test('with TLS has the ports of that', () => {
    const reply = [['slots', [0, 1, 3, 3], 'nodes', [['id', 'a', 'port', 6379, 'tls-port', 6380, 'endpoint', 'fd00::1', 'role', 'master']]]];
    const [node] = read('shards', reply, { ...asked, isTls: true })?.nodes ?? [];
    assert.deepEqual([node?.address, node?.slots.map(formatSlots)], ['[fd00::1]:6380', ['0-1', '3']]);
    assert.equal(read('shards', reply)?.nodes[0]?.address, '[fd00::1]:6379');
  });

  test('has itself, where it is asked, though it does not know its own address, or has nothing', () => {
    assert.deepEqual(read('slots', [[0, 5, [null, 7000, 'b']]])?.nodes, [
      { id: 'b', address: '10.0.0.9:7000', role: 'primary', state: 'online', slots: [{ first: 0, last: 5 }] },
    ]);
    assert.deepEqual(read('shards', [])?.nodes, [
      { id: 'b', address: '10.0.0.9:7000', role: 'primary', state: 'online', slots: [] },
    ]);
  });

  test('has no slot that is none, none on its way, and no node that has not answered yet', () => {
    const lines = [
      'a 10.0.0.1:7000@17000 master - 0 0 1 connected 9 0-5 [7->-b] 16384',
      'b 10.0.0.9:7000@17000 myself,slave a 0 0 1 connected',
      'c 10.0.0.3:7000@17000 handshake - 0 0 0 connected',
      'd :0@0 master,noaddr,fail - 0 0 0 disconnected',
    ];
    const view = read('nodes', lines.join('\n'));
    assert.deepEqual(view?.nodes, [
      { id: 'a', address: '10.0.0.1:7000', role: 'primary', state: 'online', slots: [{ first: 0, last: 5 }, { first: 9, last: 9 }] },
      { id: 'b', address: '10.0.0.9:7000', role: 'replica', state: 'online', slots: [], follows: 'a' },
      { id: 'd', address: undefined, role: 'primary', state: 'fail', slots: [] },
    ]);
    assert.deepEqual(view && uncoveredSlots(view).map(formatSlots), ['6-8', '10-16383']);
  });

  test('is not understood where it is something else', () => {
    for (const reply of ['OK', 7, null]) assert.equal(read('shards', reply), undefined);
    for (const reply of [[], 7, null]) assert.equal(read('nodes', reply), undefined);
    assert.equal(readClusterView({ info: null, myId: 'b', topology: { of: 'shards', reply: [] } }, asked), undefined);
    assert.equal(readClusterView({ info, myId: 7, topology: { of: 'shards', reply: [] } }, asked), undefined);
  });
});
