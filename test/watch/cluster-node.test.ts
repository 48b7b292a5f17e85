// One node of a Redis Cluster that is asked, by whatever it knows, and whatever it answers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { ClusterNode } from '../../src/watch/cluster-node.ts';
import { startStandIn } from './resp-stand-in.ts';
import type { Reaction } from './resp-stand-in.ts';

const info = 'cluster_state:ok\r\ncluster_current_epoch:3\r\n';
const nodes = 'a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\nb 10.0.0.2:7000@17000 slave a 0 0 1 connected\n';
const slots = [[0, 16383, ['10.0.0.1', 7000, 'a'], ['10.0.0.2', 7000, 'b']]];
const member = (id: string, last: number, role: string) => ['id', id, 'port', 7000, 'ip', `10.0.0.${last}`, 'endpoint', `10.0.0.${last}`, 'role', role, 'health', 'online'];
const shards = [['slots', [0, 16383], 'nodes', [member('a', 1, 'master'), member('b', 2, 'replica')]]];

const unknown = (word: string): Reaction => new Error(`ERR Unknown subcommand or wrong number of arguments for '${word}'. Try CLUSTER HELP.`);

/** What CLUSTER is answered, by its first word; others it does not know. */
async function start(t: TestContext, answers: Readonly<Record<string, Reaction>>) {
  const standIn = await startStandIn(t, (command, word) => (command === 'CLUSTER' ? (answers[word] ?? unknown(word)) : undefined));
  const node = new ClusterNode({ findTarget: () => ({ host: '127.0.0.1', port: standIn.port }), nowMs: () => 7 });
  t.after(() => node.reconnect());
  const ask = async (count = 1): Promise<typeof node.look> => {
    for (let round = 0; round < count; round += 1) await node.ask({ timeoutMs: 1_000, downAfter: 2 });
    return node.look;
  };
  return { standIn, node, ask };
}

const known = { INFO: info, MYID: 'a' };

describe('a node of a Redis Cluster', () => {
  const ways: readonly (readonly [what: string, answers: Readonly<Record<string, Reaction>>])[] = [
    ['CLUSTER SHARDS', { ...known, SHARDS: shards, NODES: nodes, SLOTS: slots }],
    ['CLUSTER NODES, where it knows no SHARDS', { ...known, NODES: nodes, SLOTS: slots }],
    ['CLUSTER SLOTS, where it knows neither', { ...known, SLOTS: slots }],
    ['the same where it says so otherwise', { ...known, SHARDS: new Error('ERR unknown command'), NODES: new Error('ERR CLUSTER subcommand must be one of INFO, SLOTS'), SLOTS: slots }],
  ];
  for (const [what, answers] of ways) {
    test(`is asked by ${what}`, async (t) => {
      const { ask, standIn } = await start(t, answers);
      const { view, failure, isSettled } = await ask();
      assert.deepEqual([failure, isSettled, view?.ownId, view?.state, view?.epoch], [undefined, false, 'a', 'ok', 3]);
      assert.deepEqual(view?.nodes.map(({ id, address, role, follows }) => [id, address, role, follows]), [
        ['a', '10.0.0.1:7000', 'primary', undefined],
        ['b', '10.0.0.2:7000', 'replica', 'a'],
      ]);
      const settled = await ask();
      assert.equal(settled.isSettled, true);
      assert.equal(await ask(), settled);
      assert.equal(standIn.connections, 1);
    });
  }

  const failing: readonly (readonly [what: string, answers: Readonly<Record<string, Reaction>>, reason: RegExp, isLost: boolean])[] = [
    ['knows none of them', known, /^failed: ERR Unknown subcommand/, false],
    ['does not let us ask for the topology', { ...known, SHARDS: new Error("NOPERM no permissions to run 'cluster|shards'") }, /^denied: NOPERM/, false],
    ['wants a password', { INFO: new Error('NOAUTH Authentication required.') }, /^auth: NOAUTH/, false],
    ['is loading', { INFO: new Error('LOADING Redis is loading the dataset in memory') }, /^busy: LOADING/, true],
    ['is in no cluster mode', { INFO: new Error('ERR This instance has cluster support disabled') }, /^failed: ERR This instance has cluster/, true],
    ['answers what nobody understands', { ...known, SHARDS: 7 }, /^not-redis: what it says of its cluster/, true],
    ['answers no RESP', { INFO: { bytes: 'HTTP/1.1 400 Bad Request\r\n\r\n' } }, /^not-redis: a reply can't begin with "H"/, true],
    ['answers half', { ...known, INFO: { bytes: '$900\r\ncluster_st' } }, /^timeout: an answer that began and did not end/, true],
  ];
  for (const [what, answers, reason, isLost] of failing) {
    test(`that ${what} ${isLost ? 'is lost after a while' : 'is not lost'}`, async (t) => {
      const { ask } = await start(t, answers);
      const first = await ask();
      assert.match(first.failure?.reason ?? '', reason);
      assert.deepEqual([first.failure?.sinceMs, first.isLost], [7, false]);
      const later = await ask(2);
      assert.match(later.failure?.reason ?? '', reason);
      assert.deepEqual([later.view, later.isLost], [undefined, isLost]);
    });
  }

  test('keeps what it said last while it answers no more, and is back at once', async (t) => {
    const { ask, standIn } = await start(t, { ...known, NODES: nodes });
    const before = await ask(2);
    const { answer } = standIn;
    standIn.answer = () => new Error('LOADING Redis is loading the dataset in memory');
    const lost = await ask(2);
    assert.deepEqual([lost.view, lost.isSettled, lost.isLost], [before.view, false, true]);
    standIn.answer = answer;
    const back = await ask();
    assert.deepEqual([back.failure, back.isSettled, back.isLost], [undefined, true, false]);
    standIn.hangUp();
    const anew = await ask(2);
    assert.deepEqual([anew.failure, standIn.connections > 1], [undefined, true]);
  });
});
