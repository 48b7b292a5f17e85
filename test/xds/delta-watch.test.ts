import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Difference } from '../../src/snapshot/difference.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import { DeltaWatch } from '../../src/xds/delta-watch.ts';
import { MalformedRequestError } from '../../src/xds/discovery-request.ts';
import type { DeltaRequest } from '../../src/xds/discovery-request.ts';
import type { ResponseBody } from '../../src/xds/discovery-response.ts';

const table = new SubscriptionTable();

const silence = undefined;

/** Resources of one byte each, by name. */
type Content = Readonly<Record<string, number>>;

function setOf(content: Content, kind: ResourceKind = 'cluster'): ResourceSet {
  const placeholder = (): Uint8Array => Buffer.alloc(0);
  const resources = Object.entries(content).map(([name, byte]) => new Resource(name, Buffer.from([byte])));
  const typeUrl = `type.googleapis.com/${kind}`;
  return ResourceSet.of({ typeUrl, apiVersion: 'v3', ...(kind === 'endpoint' ? { placeholder } : {}) }, resources);
}

function versionOf(name: string, byte: number): string {
  return new Resource(name, Buffer.from([byte])).version;
}

function requestOf(fields: Partial<DeltaRequest>): DeltaRequest {
  return {
    node: undefined,
    typeUrl: '',
    responseNonce: '',
    errorDetail: undefined,
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    ...fields,
  };
}

function open(kind: ResourceKind, first: Partial<DeltaRequest>): DeltaWatch {
  return new DeltaWatch(kind, table, requestOf(first));
}

let lastNonce = 0;

/** What is sent now, undefined for nothing: `NAME=BYTE` a resource, `-NAME` one that is not there. */
function send(watch: DeltaWatch, set: ResourceSet): string | undefined {
  lastNonce += 1;
  const due = watch.advance(set, `${lastNonce}`, 0);
  return due === undefined ? undefined : describeDifference(due.difference);
}

function describeDifference({ changed, absent, removed }: Difference): string {
  const resources = changed.map(({ name, value }) => `${name}=${value.join()}`);
  return [...resources, ...[...absent, ...removed].map((name) => `-${name}`)].join(' ');
}

interface FirstRow {
  readonly kind?: ResourceKind;
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** Bytes held by name; '' for the empty version. */
  readonly held?: Readonly<Record<string, number | ''>>;
  readonly told: string | undefined;
}

const firstRows: readonly FirstRow[] = [
  { told: 'a=1 b=1' },
  { kind: 'listener', told: 'a=1 b=1' },
  { kind: 'endpoint', told: silence },
  { kind: 'route', told: silence },
  { subscribe: ['*'], told: 'a=1 b=1' },
  { kind: 'endpoint', subscribe: ['*'], told: silence },
  { kind: 'route', subscribe: ['*', 'b'], told: 'b=1' },
  { subscribe: ['b'], told: 'b=1' },
  { subscribe: ['*', 'b', 'x'], told: 'a=1 b=1 -x' },
  { subscribe: ['x'], told: '-x' },
  { kind: 'endpoint', subscribe: ['a', 'x'], told: 'a=1 -x' },
  { subscribe: ['a', 'b'], unsubscribe: ['b'], told: 'a=1' },
  { held: { a: 1, b: 1 }, told: '' },
  { held: { a: 1, b: 2, d: 1 }, told: 'b=1 -d' },
  { held: { a: '', b: 1 }, told: 'a=1' },
  { held: { a: 1, d: '' }, told: 'b=1 -d' },
  { subscribe: ['*'], held: { a: 1 }, told: 'b=1' },
  { subscribe: ['*', 'x'], held: { a: 1, x: 1 }, told: 'b=1 -x' },
  { subscribe: ['a', 'b'], held: { a: 1 }, told: 'b=1' },
  { subscribe: ['a'], held: { a: 1, b: 2, d: 1 }, told: '' },
  { subscribe: ['a', 'd'], held: { a: 1, b: 2, d: 1 }, told: '-d' },
  // What an Envoy before 1.19 that wants everything sends.
  { subscribe: ['a', 'd'], held: { a: 1, d: 1 }, told: 'b=1 -d' },
  { kind: 'endpoint', subscribe: ['a', 'd'], held: { a: 1, d: 1 }, told: '-d' },
  { kind: 'endpoint', subscribe: ['a', 'x'], held: { a: 1 }, told: '-x' },
];

describe('the first request', () => {
  for (const { kind = 'cluster', subscribe = [], unsubscribe = [], held = {}, told } of firstRows) {
    const title = `${kind} [${[...subscribe, ...unsubscribe.map((name) => `-${name}`)].join(' ')}]`;
    test(`${title} by who holds ${JSON.stringify(held)} is told ${JSON.stringify(told) ?? 'nothing'}`, () => {
      const initialVersions = new Map(
        Object.entries(held).map(([name, byte]) => [name, byte === '' ? '' : versionOf(name, byte)]),
      );
      const watch = open(kind, { subscribe, unsubscribe, initialVersions });
      const set = setOf({ a: 1, b: 1 }, kind);
      assert.equal(send(watch, set), told);
      assert.equal(watch.isSent(set), true);
      assert.equal(send(watch, set), silence);
    });
  }
});

type Change =
  | { readonly set: Content }
  | { readonly subscribe?: readonly string[]; readonly unsubscribe?: readonly string[] };

type Step = Change & { readonly told: string | undefined };

interface Story {
  readonly title: string;
  readonly kind?: ResourceKind;
  readonly first: readonly string[];
  readonly steps: readonly Step[];
}

const stories: readonly Story[] = [
  {
    title: 'what changes is sent, what goes is removed, what comes back is sent',
    first: [],
    steps: [
      { set: { a: 2, b: 1 }, told: 'a=2' },
      { set: { a: 2, c: 1 }, told: 'c=1 -b' },
      { set: { a: 2, c: 1 }, told: silence },
      { set: { a: 2, b: 1, c: 1 }, told: 'b=1' },
    ],
  },
  {
    title: 'what is not wanted is not told of',
    first: ['a'],
    steps: [
      { set: { a: 1, b: 2 }, told: silence },
      { set: { a: 1, c: 2 }, told: silence },
      { set: { a: 3 }, told: 'a=3' },
    ],
  },
  {
    title: 'a name that is missing is removed once, and sent when it appears',
    first: ['x'],
    steps: [
      { set: { a: 2 }, told: silence },
      { set: { x: 1 }, told: 'x=1' },
      { set: { a: 2 }, told: '-x' },
      { set: { a: 3 }, told: silence },
    ],
  },
  {
    title: 'a name that is subscribed again is sent again, or removed again',
    first: ['a', 'x'],
    steps: [
      { subscribe: ['a'], told: 'a=1' },
      { subscribe: ['x'], told: '-x' },
      { subscribe: ['b', 'a'], told: 'a=1 b=1' },
    ],
  },
  {
    title: 'removals stand for endpoints that are missing as for those that went',
    kind: 'endpoint',
    first: ['a'],
    steps: [
      { subscribe: ['x'], told: '-x' },
      { subscribe: ['x'], told: '-x' },
      { set: { a: 1, x: 5 }, told: 'x=5' },
      { set: { a: 1 }, told: '-x' },
      { subscribe: ['x'], told: '-x' },
    ],
  },
  {
    title: 'a dropped name is silence, until it is wanted again',
    first: ['a', 'b'],
    steps: [
      { unsubscribe: ['b', 'phantom'], told: silence },
      { set: { a: 1, b: 2 }, told: silence },
      { unsubscribe: ['a'], told: silence },
      { set: { a: 2, b: 2 }, told: silence },
      { subscribe: ['a'], told: 'a=2' },
    ],
  },
  {
    title: 'a name in both lists ends up dropped',
    first: ['a'],
    steps: [
      { subscribe: ['b'], unsubscribe: ['b'], told: silence },
      { subscribe: ['a'], unsubscribe: ['a'], told: silence },
      { set: { a: 2, b: 2 }, told: silence },
    ],
  },
  {
    title: 'a name dropped beside the wildcard is told of again',
    first: ['*', 'a', 'x'],
    steps: [
      { unsubscribe: ['a', 'x'], told: 'a=1 -x' },
      { unsubscribe: ['a', 'x', 'b'], told: silence },
      { set: { a: 2, b: 1 }, told: 'a=2' },
    ],
  },
  {
    title: 'everything that is subscribed again is sent again, and what goes meanwhile is removed',
    first: ['*', 'x'],
    steps: [
      { subscribe: ['*'], told: 'a=1 b=1' },
      { set: { a: 2, b: 1 }, told: 'a=2' },
      { subscribe: ['*', 'x'], told: 'a=2 b=1 -x' },
      { set: {}, told: '-a -b' },
      { subscribe: ['*'], told: '' },
      { subscribe: ['*'], unsubscribe: ['*'], told: silence },
    ],
  },
  {
    title: 'everything of endpoints can not be subscribed, nor again',
    kind: 'endpoint',
    first: ['a'],
    steps: [{ subscribe: ['*'], told: silence }],
  },
  {
    title: 'a wildcard that is given up leaves the names',
    first: [],
    steps: [
      { subscribe: ['a'], told: 'a=1' },
      { unsubscribe: ['*'], told: silence },
      { set: { a: 2, b: 2 }, told: 'a=2' },
      { subscribe: ['*'], told: 'b=2' },
      { unsubscribe: ['*', 'a'], told: silence },
      { set: { a: 3, b: 3 }, told: silence },
      { subscribe: ['*'], told: 'a=3 b=3' },
    ],
  },
  {
    title: 'the last name dropped does not mean everything',
    kind: 'listener',
    first: ['a'],
    steps: [
      { unsubscribe: ['a'], told: silence },
      { subscribe: [], told: silence },
      { set: { a: 2, b: 2 }, told: silence },
    ],
  },
];

describe('later requests and sets', () => {
  for (const { title, kind = 'cluster', first, steps } of stories) {
    test(title, () => {
      const watch = open(kind, { subscribe: first });
      let set = setOf({ a: 1, b: 1 }, kind);
      send(watch, set);
      steps.forEach((step, index) => {
        if ('set' in step) set = setOf(step.set, kind);
        else watch.receive(requestOf(step));
        assert.equal(send(watch, set), step.told, `step ${index + 1}`);
      });
    });
  }

  test('what has gone when everything is subscribed again is told as gone', () => {
    const watch = open('cluster', {});
    send(watch, setOf({ a: 1, b: 1 }));
    watch.receive(requestOf({ subscribe: ['*'] }));
    assert.equal(send(watch, setOf({ b: 2 })), 'b=2 -a');
  });

  test('versions in a later request do not count', () => {
    const watch = open('cluster', { subscribe: ['a'] });
    const set = setOf({ a: 1, b: 1 });
    send(watch, set);
    watch.receive(requestOf({ subscribe: ['b'], initialVersions: new Map([['b', versionOf('b', 1)], ['gone', '1']]) }));
    assert.equal(send(watch, set), 'b=1');
  });

  test('requests before the first answer add up', () => {
    const watch = open('cluster', { subscribe: ['a'] });
    watch.receive(requestOf({ subscribe: ['b', 'c'] }));
    watch.receive(requestOf({ unsubscribe: ['a'] }));
    assert.equal(send(watch, setOf({ a: 1, b: 1 })), 'b=1 -c');
  });

  test('what is forgotten is sent again, once, even when names change before it is', () => {
    const watch = open('endpoint', { subscribe: ['a', 'b'] });
    const set = setOf({ a: 1, b: 1, c: 1 }, 'endpoint');
    send(watch, set);
    watch.forget(['a', 'stranger']);
    assert.equal(watch.isSent(set), false);
    watch.receive(requestOf({ subscribe: ['c'] }));
    assert.equal(send(watch, set), 'a=1 c=1');
    assert.equal(send(watch, set), silence);
  });

  test('a name dropped beside the wildcard is told of although the next request comes before the answer', () => {
    const watch = open('cluster', { subscribe: ['*', 'a'] });
    send(watch, setOf({ a: 1, b: 1 }));
    watch.receive(requestOf({ unsubscribe: ['a'] }));
    watch.receive(requestOf({ subscribe: ['b'] }));
    assert.equal(send(watch, setOf({ b: 1 })), 'b=1 -a');
  });

  test('what was dropped while it was on its way and is wanted again with everything is told of, there or not', () => {
    const watch = open('cluster', { subscribe: ['a', 'b'] });
    send(watch, setOf({ a: 1, b: 1 }));
    watch.receive(requestOf({ unsubscribe: ['a'] }));
    watch.receive(requestOf({ subscribe: ['*'] }));
    assert.equal(send(watch, setOf({ b: 1, c: 1 })), 'c=1 -a');
  });

  test('not so when it was answered before', () => {
    const watch = open('cluster', { subscribe: ['a', 'b'] });
    send(watch, setOf({ a: 1, b: 1 }));
    watch.receive(requestOf({ unsubscribe: ['a'], responseNonce: `${lastNonce}` }));
    watch.receive(requestOf({ subscribe: ['*'] }));
    assert.equal(send(watch, setOf({ b: 1, c: 1 })), 'c=1');
  });
});

describe('answers', () => {
  test('a nonce, stale or not, does not stand in the way of names', () => {
    const watch = open('cluster', { subscribe: ['a'] });
    const set = setOf({ a: 1, b: 1 });
    send(watch, set);
    const nonce = `${lastNonce}`;
    assert.equal(watch.receive(requestOf({ responseNonce: 'stale', subscribe: ['b'] })).kind, 'stale');
    assert.equal(watch.receive(requestOf({ responseNonce: nonce })).kind, 'ack');
    assert.equal(watch.receive(requestOf({ unsubscribe: ['a'] })).kind, 'none');
    assert.equal(send(watch, set), 'b=1');
  });

  test('what was refused comes again with the fix of one of it', () => {
    const watch = open('cluster', {});
    send(watch, setOf({ a: 1, b: 1, c: 1 }));
    watch.receive(requestOf({ responseNonce: `${lastNonce}` }));
    assert.equal(send(watch, setOf({ a: 2, b: 2, c: 1 })), 'a=2 b=2');
    const errorDetail = { code: 13, message: 'bad a' };
    const answer = watch.receive(requestOf({ responseNonce: `${lastNonce}`, errorDetail }));
    assert.equal(answer.kind, 'nack');
    assert.equal(send(watch, setOf({ a: 2, b: 2, c: 1 })), silence);
    assert.equal(send(watch, setOf({ a: 2, b: 2, c: 2 })), 'c=2');
    assert.equal(send(watch, setOf({ a: 3, b: 2, c: 2 })), 'a=3 b=2');
    assert.equal(send(watch, setOf({ a: 4, b: 2, c: 2 })), 'a=4');
  });
});

test('more names than are taken change nothing', () => {
  const watch = open('endpoint', { subscribe: ['a'] });
  const set = setOf({ a: 1 }, 'endpoint');
  send(watch, set);
  const subscribe = Array.from({ length: 100_000 }, (_, index) => `n${index}`);
  const { subscription } = watch;
  assert.throws(() => watch.receive(requestOf({ subscribe })), MalformedRequestError);
  assert.equal(watch.subscription, subscription);
  assert.equal(send(watch, set), silence);
});

const letters = fc.constantFrom('a', 'b', 'c', 'd');
const nameLists = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', '*'), { maxLength: 3 });
const contents = fc.dictionary(letters, fc.nat(2), { noNullPrototype: true });

/** What the client does, and what the server publishes or gets to send. */
const events = fc.oneof(
  fc.record({ subscribe: nameLists, unsubscribe: nameLists }),
  fc.record({ content: contents }),
  fc.constant('send' as const),
);

/** A client that applies each response at once and keeps what it wants. */
class ModelClient {
  #isWildcard: boolean;
  readonly #names: Set<string>;
  readonly #held = new Map<string, string>();

  constructor(subscribe: readonly string[]) {
    this.#isWildcard = subscribe.length === 0 || subscribe.includes('*');
    this.#names = new Set(subscribe.filter((name) => name !== '*'));
  }

  change(subscribe: readonly string[], unsubscribe: readonly string[]): void {
    this.#isWildcard = (this.#isWildcard || subscribe.includes('*')) && !unsubscribe.includes('*');
    for (const name of subscribe) if (name !== '*') this.#names.add(name);
    for (const name of unsubscribe) this.#names.delete(name);
    for (const name of this.#held.keys()) if (!this.#wants(name)) this.#held.delete(name);
  }

  apply({ changed, removed }: Difference): void {
    for (const { name, version } of changed) this.#held.set(name, version);
    for (const name of removed) this.#held.delete(name);
  }

  assertHoldsAllOf(set: ResourceSet): void {
    const expected = [...set.resources.values()].filter(({ name }) => this.#wants(name));
    assert.deepEqual([...this.#held].sort(), expected.map(({ name, version }) => [name, version]).sort());
  }

  #wants(name: string): boolean {
    return this.#isWildcard || this.#names.has(name);
  }
}

test('whatever is asked for and published, the client ends up with the newest of what it wants', () => {
  fc.assert(
    fc.property(nameLists, contents, fc.array(events, { maxLength: 12 }), (first, start, all) => {
      const watch = open('cluster', { subscribe: first });
      const client = new ModelClient(first);
      let set = setOf(start);
      const sendNow = (): void => {
        const due = watch.advance(set, '1', 0);
        if (due !== undefined) client.apply(due.difference);
      };
      for (const event of all) {
        if (event === 'send') sendNow();
        else if ('content' in event) set = setOf(event.content);
        else {
          watch.receive(requestOf(event));
          client.change(event.subscribe, event.unsubscribe);
        }
      }
      sendNow();
      client.assertHoldsAllOf(set);
      assert.equal(send(watch, set), silence);
    }),
  );
});

describe('streams in the same state are given the same bytes', () => {
  const bodies = (watches: readonly DeltaWatch[], set: ResourceSet, nonce: string): Set<ResponseBody | undefined> =>
    new Set(watches.map((watch) => watch.advance(set, nonce, 0)?.body));
  const openThree = (): DeltaWatch[] => Array.from({ length: 3 }, () => open('endpoint', { subscribe: ['a', 'b'] }));

  test('when all ask for one more', () => {
    const watches = openThree();
    const set = setOf({ a: 1, b: 1, c: 1 }, 'endpoint');
    assert.equal(bodies(watches, set, '1').size, 1);
    for (const watch of watches) watch.receive(requestOf({ subscribe: ['c'] }));
    assert.equal(bodies(watches, set, '2').size, 1);
    for (const watch of watches) watch.receive(requestOf({ subscribe: ['a', 'c'] }));
    assert.equal(bodies(watches, set, '3').size, 1);
  });

  test('when all refused the same and it is mended', () => {
    const watches = openThree();
    bodies(watches, setOf({ a: 1, b: 1 }, 'endpoint'), '1');
    const errorDetail = { code: 13, message: 'refused' };
    for (const watch of watches) watch.receive(requestOf({ responseNonce: '1', errorDetail }));
    assert.equal(bodies(watches, setOf({ a: 2, b: 1 }, 'endpoint'), '2').size, 1);
  });
});
