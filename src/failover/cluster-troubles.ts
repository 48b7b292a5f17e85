// What there is to say of a Redis Cluster that is watched: what it lacks, and what of it can't be seen. Pure.

import { Latest } from '../collections/latest.ts';
import { countSlots, formatSlots, uncoveredSlots } from '../effective/cluster-view.ts';
import type { ClusterNode, ClusterView } from '../effective/cluster-view.ts';
import { nameSome } from '../text/name-some.ts';
import type { Trouble, TroubleCode } from './following.ts';
import { isAlive, publishedSeeds } from './seeds.ts';
import type { KnownCluster } from './seeds.ts';

const latest = new Latest<KnownCluster, readonly Trouble[]>();

/** One line each; at the cost of what changed. */
export function findClusterTroubles(name: string, known: KnownCluster): readonly Trouble[] {
  return latest.get(known, name, () => find(name, known));
}

function find(name: string, known: KnownCluster): Trouble[] {
  const { sight } = known;
  const found: [code: TroubleCode, text: string | undefined][] = [
    ['seeds-unreachable', describeSeeds(known)],
    ['seeds-replaced', describeReplaced(known)],
    ['cluster-unseen', describeUnseen(known)],
    ['slots-uncovered', sight.view && describeUncovered(sight.view)],
    ['cluster-node-failed', sight.view && describeFailed(sight.view)],
    ['cluster-views-differ', describeDiffering(known)],
  ];
  return found.flatMap(([code, text]) => {
    return text === undefined ? [] : [{ code, message: `cluster ${JSON.stringify(name)}: ${text}` }];
  });
}

/** What a node is told of by: where it is reached, and else its id. */
export function nameOfNode({ id, address }: ClusterNode): string {
  return address ?? id;
}

function describeSeeds(known: KnownCluster): string | undefined {
  const seeds = publishedSeeds(known);
  const { looks, sight } = known;
  const gone = seeds.filter((seed) => looks.get(seed)?.isLost === true || (sight.isMajority && !isAlive(looks.get(seed), sight)));
  if (gone.length === 0) return undefined;
  const what = gone.length === 1 ? 'does not answer as a node of it' : 'do not answer as nodes of it';
  const left = seeds.length - gone.length;
  const rest =
    left === 0 ? 'an Envoy that starts finds no server' : `an Envoy that starts has ${left} of ${seeds.length} seeds to ask`;
  return `${nameSome(gone)}: ${what}: ${rest}`;
}

function describeReplaced({ declared, seeds, replaced }: KnownCluster): string | undefined {
  if (seeds === undefined || replaced === undefined) return undefined;
  const since = new Date(replaced.sinceMs).toISOString();
  return `since ${since} its seeds are ${nameSome(seeds)} in place of ${nameSome(declared)}, which are declared (${replaced.why})`;
}

function describeUnseen({ looks, sight }: KnownCluster): string | undefined {
  const failures = Array.from(looks).filter(([, { failure, isLost }]) => failure !== undefined && !isLost);
  const [first] = failures;
  if (sight.view !== undefined || first === undefined) return undefined;
  const [server, { failure }] = first;
  return `what its nodes say of it is not seen, and its seeds are not kept fresh: ${server}: ${failure?.reason ?? ''}`;
}

function describeUncovered(view: ClusterView): string | undefined {
  const uncovered = uncoveredSlots(view);
  const count = countSlots(uncovered);
  if (count === 0) return undefined;
  const state = view.state === 'fail' ? ', and it says that it does not serve' : '';
  return `${count} of its slots ${count === 1 ? 'is' : 'are'} nobody's: ${nameSome(uncovered.map(formatSlots))}${state}`;
}

function describeFailed({ nodes }: ClusterView): string | undefined {
  const failed = nodes.filter(({ state }) => state === 'fail').map(nameOfNode);
  return failed.length === 0 ? undefined : `${nameSome(failed.sort())}: given up by the others`;
}

function describeDiffering({ sight: { differing, foreign }, nodes }: KnownCluster): string | undefined {
  if (nodes.size === 0 && foreign.length > 0) return `${nameSome(foreign)}: nodes of different clusters: nobody knows which is meant`;
  const texts = [
    ...(differing.length === 0 ? [] : [`${nameSome(differing)}: ${differing.length === 1 ? 'says' : 'say'} something else of it than the others`]),
    ...(foreign.length === 0 ? [] : [`${nameSome(foreign)}: ${foreign.length === 1 ? 'a node' : 'nodes'} of another cluster`]),
  ];
  return texts.length === 0 ? undefined : texts.join('; ');
}
