import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster, ClusterEdit, Clusters } from '../../src/inventory/cluster.ts';
import { drainAfter, stillDraining } from '../../src/inventory/draining.ts';
import type { DrainingCluster } from '../../src/inventory/draining.ts';

const nowMs = 1_000_000;
const drainTimeMs = 600;

function cluster(name: string): Cluster {
  return { name, prefix: `/${name}`, endpoints: [{ address: '10.0.0.1', port: 6379 }] };
}

/** `NAME` drains until so many ms from now. */
function drains(name: string, leftMs: number): DrainingCluster {
  return { cluster: cluster(name), untilMs: nowMs + leftMs };
}

function removed(name: string): ClusterEdit {
  return { name, after: undefined };
}

function added(name: string): ClusterEdit {
  return { name, after: cluster(name) };
}

interface Case {
  readonly what: string;
  readonly draining?: readonly DrainingCluster[];
  readonly edits: readonly ClusterEdit[];
  readonly drainTimeMs?: number;
  readonly expected: readonly DrainingCluster[];
}

const before: Clusters = new Map(['a', 'b'].map((name) => [name, cluster(name)]));

const CASES: readonly Case[] = [
  { what: 'nothing was removed', edits: [added('c')], expected: [] },
  { what: 'a cluster was removed: it drains as it was last', edits: [removed('a')], expected: [drains('a', 600)] },
  {
    what: 'two were removed and one changed',
    edits: [added('a'), removed('b'), removed('a')],
    expected: [drains('b', 600), drains('a', 600)],
  },
  {
    what: 'one drains already: it goes on as long as it would have',
    draining: [drains('x', 1)],
    edits: [removed('a')],
    expected: [drains('x', 1), drains('a', 600)],
  },
  {
    what: 'the time of one is over',
    draining: [drains('x', 0), drains('y', -1)],
    edits: [removed('a')],
    expected: [drains('a', 600)],
  },
  {
    what: 'one is declared again',
    draining: [drains('x', 1), drains('y', 1)],
    edits: [added('x')],
    expected: [drains('y', 1)],
  },
  { what: 'what was removed was not committed', edits: [removed('nowhere')], expected: [] },
  {
    what: 'removed clusters do not drain, and those that did before go on',
    draining: [drains('x', 1)],
    edits: [removed('a')],
    drainTimeMs: 0,
    expected: [drains('x', 1)],
  },
];

describe('drainAfter', () => {
  for (const { what, draining = [], edits, drainTimeMs: timeMs = drainTimeMs, expected } of CASES) {
    test(what, () => {
      const copy = structuredClone(draining);
      assert.deepEqual(drainAfter(draining, before, edits, nowMs, timeMs), expected);
      assert.deepEqual(draining, copy);
    });
  }
});

test('stillDraining passes over those whose time is over, to the millisecond', () => {
  const draining = [drains('a', -1), drains('b', 0), drains('c', 1)];
  assert.deepEqual(stillDraining(draining, nowMs), [drains('c', 1)]);
});
