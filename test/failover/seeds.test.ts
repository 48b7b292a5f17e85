// Which seeds of a Redis Cluster are published.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import type { NodeLook } from '../../src/effective/cluster-view.ts';
import { beginCluster, followCluster } from '../../src/failover/seeds.ts';
import type { KnownCluster } from '../../src/failover/seeds.ts';
import { allAnswering, answering, lost, nodesOf, viewOf } from '../effective/redis-cluster-looks.ts';
import type { MadeNode } from '../effective/redis-cluster-looks.ts';

const nodes = nodesOf(3);
const at = (id: string): string => nodes.find((node) => node.id === id)?.address ?? '';
const primaries = ['a0', 'b0', 'c0'].map(at);

type Looks = Map<string, NodeLook>;

/** These are killed, and each shard of which one is left goes on with that. */
function without(gone: readonly string[], all: readonly MadeNode[] = nodes): Looks {
  const after = all.map((node): MadeNode => {
    const state = gone.includes(node.id) ? 'fail' : 'online';
    const [own, other] = [node.id, node.id.endsWith('0') ? `${node.id.slice(0, -1)}1` : `${node.id.slice(0, -1)}0`];
    const primary = all.find(({ id }) => id === `${own.slice(0, -1)}0`);
    const slots = primary?.slots ?? [];
    const isOwner = own.endsWith('0') ? !gone.includes(own) || gone.includes(other) : gone.includes(other) && !gone.includes(own);
    const { follows: _, ...rest } = node;
    return isOwner ? { ...rest, role: 'primary', state, slots } : { ...rest, role: own.endsWith('0') ? 'primary' : 'replica', state, slots: [] };
  });
  const state = ['a', 'b', 'c'].some((shard) => gone.includes(`${shard}0`) && gone.includes(`${shard}1`)) ? 'fail' : 'ok';
  return new Map(all.map(({ id, address }) => [address, gone.includes(id) ? lost(viewOf(id, all)) : answering(viewOf(id, after, state))]));
}

function follow(before: KnownCluster, looks: Looks): KnownCluster {
  return followCluster(before, looks, 7);
}

function known(seeds: readonly string[] = primaries, looks: Looks = allAnswering(nodes)): KnownCluster {
  return follow(beginCluster(seeds), looks);
}

/** What is published after these, one after the other. */
function seedsAfter(declared: readonly string[], ...steps: readonly Looks[]): readonly string[] {
  let state = known(declared);
  for (const looks of steps) state = follow(state, looks);
  return state.seeds ?? declared;
}

describe('the seeds of a Redis Cluster', () => {
  test('are those that are declared, as long as enough of them answer', () => {
    assert.deepEqual(seedsAfter(primaries), primaries);
    assert.deepEqual(seedsAfter(primaries, without(['b0'])), primaries);
    assert.deepEqual(seedsAfter(primaries, without(['b0']), without([])), primaries);
    const names = ['carts.internal:7000'];
    const looks = allAnswering(nodes).set('carts.internal:7000', answering(viewOf('a1', nodes)));
    assert.deepEqual(seedsAfter(names, looks), names);
  });

  test('are replaced in one change when one of three is left, before it goes too', () => {
    const after = seedsAfter(primaries, without(['a0']), without(['a0', 'b0']));
    assert.equal(after.length, 3);
    assert.ok(after.includes(at('c0')) && !after.includes(at('a0')) && !after.includes(at('b0')), after.join());
    assert.deepEqual(after, after.toSorted());
  });

  test('are more where only one was declared, once that is gone', () => {
    assert.equal(seedsAfter([at('a0')], without(['a0'])).length, 3);
    assert.deepEqual(seedsAfter([at('a0')], without(['b0', 'c0'])), [at('a0')]);
  });

  test('are at most as many as are declared, and three', () => {
    const all = nodes.map(({ address }) => address).sort();
    const looks = without(['a0', 'b0', 'c0']);
    looks.set(at('a1'), { ...answering(viewOf('a1', nodes)), isSettled: true });
    assert.ok(seedsAfter(all, looks).length <= all.length);
    assert.deepEqual(seedsAfter(all, without(['a0', 'b0', 'c0'])), all);
  });

  test('are on as many hosts as there are', () => {
    const after = seedsAfter([at('a0')], without(['a0']));
    assert.equal(new Set(after.map((address) => address.split(':')[0])).size, 3, after.join());
  });

  test('stay when those who were replaced come back', () => {
    const replaced = seedsAfter(primaries, without(['a0', 'b0']));
    assert.deepEqual(seedsAfter(primaries, without(['a0', 'b0']), without([])), replaced);
  });

  test('stay while a node is only late, or does not let us see', () => {
    const looks = allAnswering(nodes);
    for (const id of ['a0', 'b0', 'c0']) looks.set(at(id), { ...lost(), isLost: false });
    assert.deepEqual(seedsAfter(primaries, looks), primaries);
  });

  test('stay when those who can be asked are a minority', () => {
    for (const state of ['ok', 'fail'] as const) {
      const looks: Looks = new Map(nodes.map(({ id, address }) => {
        return [address, ['c0', 'a1', 'b1'].includes(id) ? answering(viewOf(id, nodes, state)) : lost(viewOf(id, nodes))];
      }));
      assert.deepEqual(seedsAfter([at('a0'), at('b0')], looks), [at('a0'), at('b0')]);
    }
  });

  test('stay when nobody answers, and when nothing was ever seen', () => {
    const looks: Looks = new Map(nodes.map(({ address }) => [address, lost()]));
    assert.deepEqual(seedsAfter(primaries, looks), primaries);
    assert.equal(follow(beginCluster(primaries), looks).seeds, undefined);
    assert.equal(follow(beginCluster(primaries), new Map()).seeds, undefined);
  });

  test('lose one at whose address another cluster answers, and never gain one of it', () => {
    const others = nodesOf(3, '10.9.9');
    const looks = new Map([...allAnswering(nodes), ...allAnswering(others)]);
    looks.set(at('a0'), answering(viewOf('10.9.9/a0', others, 'ok', 99)));
    const gone = nodes.map((node) => (node.id === 'a0' ? { ...node, state: 'fail' as const } : node));
    for (const { id, address } of gone) if (id !== 'a0') looks.set(address, answering(viewOf(id, gone)));
    const after = seedsAfter(primaries, looks);
    assert.equal(after.length, 3);
    assert.ok(!after.includes(at('a0')) && after.every((address) => address.startsWith('10.0.0.')), after.join());
  });

  test('lose one that most have forgotten, where that leaves too few', () => {
    const rest = nodes.filter(({ id }) => id !== 'a0');
    const looks = allAnswering(rest).set(at('a0'), answering(viewOf('a0', nodes)));
    const after = seedsAfter([at('a0')], looks);
    assert.ok(!after.includes(at('a0')) && after.length === 3, after.join());
  });

  test('stay beside one that was reset, which Envoys pass over, while enough are left', () => {
    const rest = nodes.filter(({ id }) => id !== 'a0');
    const alone = viewOf('new', [{ id: 'new', address: at('a0'), role: 'primary', state: 'online', slots: [] }], 'fail');
    const looks = allAnswering(rest).set(at('a0'), answering(alone));
    assert.deepEqual(seedsAfter(primaries, looks), primaries);
    assert.deepEqual(known(primaries, looks).sight.foreign, []);
    assert.equal(seedsAfter([at('a0')], looks).length, 3);
  });

  test('follow a cluster that is made anew in the same place, when all of them are of that, and no other one', () => {
    const anew = nodesOf(3).map((node): MadeNode => ({ ...node, id: `new-${node.id}` }));
    const mixed = allAnswering(nodes.slice(0, 2)).set(at('b0'), answering(viewOf('new-b0', anew), false));
    let state = follow(known(), mixed);
    assert.ok(state.nodes.has('a0'));
    state = follow(state, allAnswering(anew));
    assert.deepEqual([state.nodes.has('new-a0'), state.seeds], [true, undefined]);
    const others = nodesOf(3, '10.9.9');
    const taken: Looks = new Map(primaries.map((seed, index) => [seed, answering(viewOf(others[index * 2]?.id ?? '', others))]));
    state = follow(state, new Map([...taken, ...allAnswering(others)]));
    assert.deepEqual([state.nodes.has('new-a0'), state.seeds], [true, undefined]);
  });

  test('are kept over a restart, and judged when something is seen', () => {
    const kept = [at('a1'), at('b1'), at('c1')];
    const state = follow({ ...beginCluster(primaries), seeds: kept }, allAnswering(nodes));
    assert.deepEqual(state.seeds, kept);
    const later = follow(state, without(['a1', 'b1', 'a1']));
    assert.ok(later.seeds?.includes(at('c1')));
  });
});

describe('whatever is seen of a Redis Cluster', () => {
  const large = nodesOf(5);
  const others = nodesOf(2, '10.9.9');
  const anyNode = fc.constantFrom(...large);
  const look = (node: MadeNode) => fc.oneof(
    { weight: 4, arbitrary: fc.record({ gone: fc.subarray(large.map(({ id }) => id), { maxLength: 2 }), state: fc.constantFrom('ok' as const, 'ok' as const, 'fail' as const), isSettled: fc.boolean(), epoch: fc.nat(2) })
      .map(({ gone, state, isSettled, epoch }) => answering(viewOf(node.id, large.filter(({ id }) => id === node.id || !gone.includes(id)), state, epoch), isSettled)) },
    { weight: 2, arbitrary: fc.constant(lost()) },
    { weight: 1, arbitrary: fc.constant({ ...lost(), isLost: false }) },
    { weight: 1, arbitrary: fc.constantFrom(...others).map(({ id }) => answering(viewOf(id, others))) },
  );
  const looks = fc.tuple(...large.map((node) => fc.option(look(node)).map((made) => [node.address, made] as const)))
    .map((all) => new Map([...all.flatMap(([address, made]) => (made === null ? [] : [[address, made] as const])), ...allAnswering(others)]));
  const declared = fc.uniqueArray(anyNode, { minLength: 1, maxLength: 5 }).map((some) => some.map(({ address }) => address).sort());

  test('seeds are never none, never of another cluster, sorted, bounded, and decided once', () => {
    fc.assert(fc.property(declared, fc.array(looks, { minLength: 1, maxLength: 6 }), (seeds, steps) => {
      let state = follow(beginCluster(seeds), allAnswering(large));
      for (const step of steps) {
        const before = state.seeds ?? seeds;
        state = follow(state, step);
        const after = state.seeds ?? seeds;
        assert.ok(after.length > 0 && after.length <= Math.max(seeds.length, 3));
        assert.deepEqual(after, [...new Set(after)].sort());
        for (const seed of after) assert.ok(large.some(({ address }) => address === seed), seed);
        const again = follow(state, step);
        assert.deepEqual(again.seeds, state.seeds);
        const areWell = before.every((seed) => {
          const made = step.get(seed);
          return made === undefined || (made.failure !== undefined && !made.isLost);
        });
        if (areWell || !state.sight.isMajority) assert.deepEqual(after, before);
      }
    }), { numRuns: 500 });
  });

  test('nothing changes while two seeds, and half of them, are nodes that answer', () => {
    fc.assert(fc.property(declared, fc.subarray(large, { maxLength: 5 }), (seeds, gone) => {
      const names = gone.map(({ id }) => id);
      const made = without(names, large);
      const alive = seeds.filter((seed) => !gone.some(({ address }) => address === seed));
      const state = follow(follow(beginCluster(seeds), allAnswering(large)), made);
      if (alive.length >= Math.min(seeds.length, Math.max(2, Math.ceil(seeds.length / 2)))) assert.equal(state.seeds, undefined);
      else if (state.sight.isMajority && large.length - gone.length >= 3) assert.ok((state.seeds?.length ?? 0) >= 3);
    }), { numRuns: 500 });
  });
});
