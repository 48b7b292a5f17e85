// Random declarations that keep every rule of ours: what Envoy is given for them it must take.

import fc from 'fast-check';

import { canonicalCluster, canonicalListener } from '../../src/model/canonical.ts';
import { clusterSchema } from '../../src/model/cluster.ts';
import { listenerSchema } from '../../src/model/listener.ts';
import type { Cluster, Listener } from '../../src/model/objects.ts';
import { formatAddress, parseIpAndPort } from '../../src/net/address.ts';
import { findUnpublishableListeners } from '../../src/render/check-listeners.ts';
import { findUnpublishable } from '../../src/render/check.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { arbitraryOf } from './arbitrary-of.ts';
import { knowFields } from './fields.ts';

export interface Declaration {
  readonly clusters: readonly Cluster[];
  readonly listeners: readonly Listener[];
}

const maxListeners = 3;
const firstPort = 10_000;

/** The one of this number: its names and ports are no other's, so that one Envoy can be given many. */
export function randomDeclaration(seed: number, number: number): Declaration {
  const [declaration] = fc.sample(anyDeclaration(number), { seed: seed + number, numRuns: 1 });
  if (declaration === undefined) throw new Error('there is none');
  return declaration;
}

function anyDeclaration(number: number): fc.Arbitrary<Declaration> {
  const names = ['a', '集群 "ü"', 'x'.repeat(200)].map((name) => `${number}: ${name}`);
  const knowledge = knowFields(names);
  const anyCluster = arbitraryOf(clusterSchema, knowledge);
  const anyListeners = fc.array(arbitraryOf(listenerSchema, knowledge), { minLength: 1, maxLength: maxListeners });
  return fc.tuple(fc.tuple(...names.map(() => anyCluster)), anyListeners).map(([randomClusters, randomListeners]) => {
    const named = randomClusters.map((random, index) => nameCluster(random, names[index] ?? ''));
    const clusters = withDistinctPrefixes(named);
    const listeners = randomListeners.map((random, index) => nameListener(random, number, index));
    return { clusters, listeners: listeners.filter((listener) => isRight(clusters, listener)) };
  });
}

// Groups would keep some of it from Envoy.
function nameCluster(random: unknown, name: string): Cluster {
  const { groups: _groups, ...fields } = clusterSchema.parse(random);
  return canonicalCluster(clusterSchema.parse({ ...fields, name }));
}

function withDistinctPrefixes(clusters: readonly Cluster[]): Cluster[] {
  return clusters.map((cluster, index) => {
    const { prefix, ...others } = cluster;
    const isTaken = prefix !== undefined && clusters.slice(0, index).some((other) => other.prefix === prefix);
    return isTaken ? others : cluster;
  });
}

function nameListener(random: unknown, number: number, index: number): Listener {
  const { groups: _groups, address, ...fields } = listenerSchema.parse(random);
  const port = firstPort + ((number * maxListeners + index) % (65_536 - firstPort));
  const bound = address === undefined ? {} : { address: formatAddress({ ...parseIpAndPort(address), port }) };
  return canonicalListener(listenerSchema.parse({ ...fields, name: `${number}: listener ${index}`, ...bound }));
}

// By itself: what is wrong with it is not the others' fault.
function isRight(clusters: readonly Cluster[], listener: Listener): boolean {
  const declared = byName(...clusters);
  return (
    findUnpublishable(clusters, defaultOptions).length === 0 &&
    findUnpublishableListeners(declared, byName(listener), defaultOptions).length === 0
  );
}
