// What the nodes of a Redis Cluster say, taken together.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { takeTogether } from '../../src/effective/cluster-sight.ts';
import { uncoveredSlots } from '../../src/effective/cluster-view.ts';
import { allAnswering, answering, lost, nodesOf, viewOf } from './redis-cluster-looks.ts';

const nodes = nodesOf(3);
const ids = new Set(nodes.map(({ id }) => id));
const addressOf = (id: string): string => nodes.find((node) => node.id === id)?.address ?? '';

describe('what nodes say of a Redis Cluster', () => {
  test('is what all of them say', () => {
    const sight = takeTogether(allAnswering(nodes), ids);
    assert.equal(sight.view?.nodes.length, 6);
    assert.deepEqual([...sight.members].sort(), [...ids].sort());
    assert.deepEqual([sight.isMajority, sight.differing, sight.foreign], [true, [], []]);
  });

  test('is nothing while nobody answers', () => {
    const sight = takeTogether(new Map([[addressOf('a0'), lost(viewOf('a0', nodes))]]), ids);
    assert.deepEqual([sight.view, sight.members.size, sight.isMajority], [undefined, 0, false]);
  });

  test('is what the newest have, and the others are named once both have settled', () => {
    const moved = nodes.map((node) => (node.id === 'a1' ? { ...node, follows: 'b0' } : node));
    const looks = allAnswering(nodes);
    looks.set(addressOf('b0'), answering(viewOf('b0', moved, 'ok', 2)));
    const sight = takeTogether(looks, ids);
    assert.equal(sight.view?.ownId, 'b0');
    assert.deepEqual(sight.differing, nodes.map(({ address }) => address).filter((each) => each !== addressOf('b0')).sort());
    looks.set(addressOf('b0'), answering(viewOf('b0', moved, 'ok', 2), false));
    assert.deepEqual(takeTogether(looks, ids).differing, []);
  });

  test('is, at the same epoch, what most say', () => {
    const looks = allAnswering(nodes);
    const forgetful = nodes.filter(({ id }) => id !== 'c1');
    looks.set(addressOf('a0'), answering(viewOf('a0', forgetful)));
    const sight = takeTogether(looks, ids);
    assert.equal(sight.view?.nodes.length, 6);
    assert.deepEqual(sight.differing, [addressOf('a0')]);
  });

  test('leaves out a node that most have forgotten, though it goes on by itself', () => {
    const rest = nodes.filter(({ id }) => id !== 'c1');
    const looks = allAnswering(rest);
    looks.set(addressOf('c1'), answering(viewOf('c1', nodes)));
    assert.deepEqual([...takeTogether(looks, ids).members].sort(), rest.map(({ id }) => id).sort());
  });

  test('is of no part that is cut off', () => {
    const minority = ['a0', 'a1', 'b1'];
    const looks = new Map(nodes.map(({ id, address }) => {
      return [address, minority.includes(id) ? answering(viewOf(id, nodes)) : lost(viewOf(id, nodes))];
    }));
    assert.equal(takeTogether(looks, ids).isMajority, false);
    looks.set(addressOf('b0'), answering(viewOf('b0', nodes)));
    assert.equal(takeTogether(looks, ids).isMajority, true);
    looks.set(addressOf('b0'), answering(viewOf('b0', nodes, 'fail')));
    assert.equal(takeTogether(looks, ids).isMajority, false);
  });

  test('is told though it serves nothing, and counts nobody then', () => {
    const broken = nodes.map((node) => (node.id.startsWith('c') ? { ...node, state: 'fail' as const } : node));
    const looks = allAnswering(nodes.filter(({ id }) => !id.startsWith('c')));
    for (const [address, { view }] of looks) if (view) looks.set(address, answering(viewOf(view.ownId, broken, 'fail')));
    const sight = takeTogether(looks, ids);
    assert.deepEqual(sight.view && uncoveredSlots(sight.view), [{ first: 10922, last: 16383 }]);
    assert.deepEqual([sight.members.size, sight.isMajority], [0, false]);
  });

  test('is of one cluster: nodes of another are named, also where one of ours has gone there', () => {
    const others = nodesOf(3, '10.9.9');
    const [gone] = nodes;
    assert.ok(gone !== undefined);
    const there = [...others, gone];
    const looks = allAnswering(nodes.slice(1));
    looks.set(gone.address, answering(viewOf(gone.id, there, 'ok', 99)));
    const sight = takeTogether(looks, ids);
    assert.equal(sight.view?.nodes.length, 5);
    assert.deepEqual([sight.foreign, sight.differing], [[gone.address], []]);
    assert.equal(sight.members.has('10.9.9/a0'), false);
  });

  test('goes on while it grows and shrinks', () => {
    const large = nodesOf(9);
    assert.equal(takeTogether(allAnswering(large), ids).members.size, 18);
    assert.equal(takeTogether(allAnswering(nodes), new Set(large.map(({ id }) => id))).members.size, 6);
  });
});
