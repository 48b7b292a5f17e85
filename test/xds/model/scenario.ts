// What may happen in one run, as values that fast-check makes up and shrinks.

import fc from 'fast-check';

import type { ListenerPause } from '../../../src/xds/listener-pacing.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { allKinds } from '../../support/xds/discovery-api.ts';
import type { Resumption } from './client-type.ts';
import { bad } from './model-client.ts';
import type { ClientTraits, Verdict } from './model-client.ts';
import { secretNames } from './secret-names.ts';

/** One event. Clients are meant by number, modulo how many there are; what is not possible is passed over. */
export type Step =
  | { readonly do: 'add cluster'; readonly name: string; readonly prefix: string; readonly ports: readonly number[] }
  | { readonly do: 'remove cluster'; readonly name: string }
  | { readonly do: 'toggle endpoint'; readonly name: string; readonly port: number }
  | { readonly do: 'commit' }
  /** A new cluster in place of an old one, in one commit. */
  | { readonly do: 'swap'; readonly from: string; readonly to: string; readonly port: number }
  | { readonly do: 'touch cluster'; readonly name: string }
  /** Published at once; another content of a secret that is there rotates it. */
  | { readonly do: 'put secret'; readonly name: string; readonly content: string }
  | { readonly do: 'remove secret'; readonly name: string }
  | { readonly do: 'render again' }
  | { readonly do: 'restart server' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'let the server write' }
  | {
      readonly do: 'connect';
      readonly client: number;
      /** The streams that are open break first. */
      readonly isAfterLoss: boolean;
      readonly resumption: Resumption;
      readonly order: readonly Kind[];
    }
  | { readonly do: 'disconnect'; readonly client: number; readonly kind: Kind }
  | {
      readonly do: 'want';
      readonly client: number;
      readonly kind: Kind;
      readonly isWildcard: boolean;
      readonly names: readonly string[];
    }
  | {
      readonly do: 'subscribe again';
      readonly client: number;
      readonly kind: Kind;
      readonly names: readonly string[];
      readonly isFlip: boolean;
    }
  | { readonly do: 'repeat'; readonly client: number }
  | { readonly do: 'upload'; readonly client: number; readonly kind: Kind; readonly count: number }
  | {
      readonly do: 'read';
      readonly client: number;
      readonly kind: Kind;
      readonly verdict: Verdict;
      readonly isAnswered: boolean;
    }
  | { readonly do: 'answer'; readonly client: number; readonly kind: Kind }
  /** What it refused is sent again, on the stream that carries `kind`. */
  | { readonly do: 'retry'; readonly client: number; readonly kind: Kind }
  | { readonly do: 'stop reading' | 'go on reading'; readonly client: number; readonly kind: Kind }
  /** Everything arrives and time passes until nothing moves any more; `isMute`: but no answer is given before. */
  | { readonly do: 'settle'; readonly isMute: boolean };

export interface TimedStep {
  readonly step: Step;
  /** False: the next step comes before anybody else gets a turn. */
  readonly isTurnGiven: boolean;
}

export interface Scenario {
  /** How long make-before-break waits for an ACK. */
  readonly boundMs: number;
  readonly drainTimeMs: number;
  /** Between pushes of listeners. */
  readonly listenerPause: ListenerPause;
  /** Above which a response is split; undefined: nothing is. */
  readonly maxBytes: number | undefined;
  readonly clients: readonly ClientTraits[];
  readonly steps: readonly TimedStep[];
}

export const clusterNames = ['a', 'b', 'c', 'd'];
const resourceNames: Readonly<Record<Kind, readonly string[]>> = {
  cluster: [...clusterNames, 'nowhere'],
  endpoint: [...clusterNames, 'nowhere'],
  listener: ['redis_listener', 'nowhere'],
  route: ['generic_route', 'nowhere'],
  secret: [...secretNames, 'nowhere'],
};

const anyName = fc.constantFrom(...clusterNames);
const anySecret = fc.constantFrom(...secretNames);
const anyPort = fc.constantFrom(1, 2, 3, bad.port);
const anyKind = fc.constantFrom(...allKinds);
const anyClient = fc.nat({ max: 3 });
const anyBoolean = fc.boolean();

const anyTraits: fc.Arbitrary<ClientTraits> = fc.record({
  apiVersion: fc.constantFrom('v3', 'v2'),
  protocol: fc.constantFrom('sotw', 'delta'),
  isAggregated: fc.constantFrom(true, true, false),
  manner: fc.constantFrom('envoy', 'wild'),
  ifBad: fc.constantFrom('accept', 'refuse whole', 'apply the rest'),
  isPrompt: anyBoolean,
  areAcksSkipped: anyBoolean,
});

const anyResumption: fc.Arbitrary<Resumption> = fc.record({
  memory: fc.constantFrom('remember', 'blank', 'forget'),
  isOldNonceSent: anyBoolean,
  isHeldNamed: anyBoolean,
});

/** A kind and names of it. */
const anySelection = anyKind.chain((kind) =>
  fc.record({ kind: fc.constant(kind), names: fc.subarray([...resourceNames[kind]]) }),
);

const anyOrder = fc.shuffledSubarray([...allKinds], { minLength: allKinds.length });

function step<Name extends Step['do'], Fields extends object>(
  weight: number,
  name: Name,
  fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
): { weight: number; arbitrary: fc.Arbitrary<{ do: Name } & Fields> } {
  const arbitrary = fc.record(fields) as unknown as fc.Arbitrary<Fields>;
  return { weight, arbitrary: arbitrary.map((values) => ({ do: name, ...values })) };
}

const selection = (weight: number, name: 'want' | 'subscribe again', flag: 'isWildcard' | 'isFlip') => ({
  weight,
  arbitrary: fc
    .tuple(anyClient, anySelection, anyBoolean)
    .map(([client, { kind, names }, value]) => ({ do: name, client, kind, names, [flag]: value }) as unknown as Step),
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  step(6, 'add cluster', {
    name: anyName,
    prefix: fc.constantFrom('1', '2', bad.prefix),
    ports: fc.uniqueArray(anyPort, { maxLength: 2 }),
  }),
  step(3, 'remove cluster', { name: anyName }),
  step(4, 'toggle endpoint', { name: anyName, port: anyPort }),
  step(9, 'commit', {}),
  step(3, 'swap', { from: anyName, to: anyName, port: anyPort }),
  step(4, 'touch cluster', { name: anyName }),
  step(5, 'put secret', { name: anySecret, content: fc.constantFrom('1', '2', bad.secret) }),
  step(2, 'remove secret', { name: anySecret }),
  step(1, 'render again', {}),
  step(1, 'restart server', {}),
  step(3, 'wait', { ms: fc.constantFrom(100, 2_500, 5_000, 60_000) }),
  step(3, 'let the server write', {}),
  step(5, 'connect', { client: anyClient, isAfterLoss: anyBoolean, resumption: anyResumption, order: anyOrder }),
  step(2, 'disconnect', { client: anyClient, kind: anyKind }),
  selection(7, 'want', 'isWildcard'),
  selection(2, 'subscribe again', 'isFlip'),
  step(1, 'repeat', { client: anyClient }),
  step(2, 'retry', { client: anyClient, kind: anyKind }),
  step(4, 'upload', { client: anyClient, kind: anyKind, count: fc.integer({ min: 1, max: 3 }) }),
  step(8, 'read', {
    client: anyClient,
    kind: anyKind,
    verdict: fc.constantFrom<Verdict[]>('policy', 'policy', 'refuse whole', 'refuse one'),
    isAnswered: anyBoolean,
  }),
  step(3, 'answer', { client: anyClient, kind: anyKind }),
  step(2, 'stop reading', { client: anyClient, kind: anyKind }),
  step(1, 'go on reading', { client: anyClient, kind: anyKind }),
  step(3, 'settle', { isMute: anyBoolean }),
);

const anyTimedStep: fc.Arbitrary<TimedStep> = fc.record({
  step: anyStep,
  isTurnGiven: fc.constantFrom(true, true, false),
});

/** @param maxSteps of one run; the same number is needed to make up the same run again. */
export function anyScenario(maxSteps: number): fc.Arbitrary<Scenario> {
  return fc.record({
    boundMs: fc.constantFrom(5_000, 1),
    drainTimeMs: fc.constantFrom(0, 60_000),
    listenerPause: fc.constantFrom({ minMs: 0, maxMs: 0 }, { minMs: 1_000, maxMs: 3_000 }),
    // Nothing, every resource alone, two or three together.
    maxBytes: fc.constantFrom(undefined, 1, 500),
    clients: fc.array(anyTraits, { minLength: 1, maxLength: 4, size: 'max' }),
    steps: fc.array(anyTimedStep, { maxLength: maxSteps, size: 'max' }),
  });
}
