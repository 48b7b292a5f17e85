// Whatever fails, and wherever the control plane ends: nobody is routed to but one who is the primary, and a switchover
// loses nothing that was acknowledged.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { defaultLimits } from '../../src/failover/ground.ts';
import type { Ground } from '../../src/failover/ground.ts';
import { resumePromotion, runPromotion } from '../../src/failover/promotion.ts';
import { isOver } from '../../src/failover/record.ts';
import type { PromotionKind, PromotionRecord } from '../../src/failover/record.ts';
import { topologyOf } from '../../src/failover/topology-of.ts';
import { SimulatedGroup, names } from './simulated-group.ts';
import type { Fate } from './simulated-group.ts';

class Killed extends Error {}

const [first, second] = names;

interface Course {
  readonly kind: PromotionKind;
  readonly way?: 'takeover';
  readonly fates: readonly Fate[];
  readonly looks: readonly boolean[];
  /** Whether every Envoy takes what is published when it is waited for; after these all do. */
  readonly acks: readonly boolean[];
  /** The control plane ends at each of these records, counted from the first; before it is kept, or after. */
  readonly ends: readonly { readonly at: number; readonly isKept: boolean }[];
  readonly isFirstThere: boolean;
  /** Of the first, and of the second. */
  readonly isStubborn: boolean;
  readonly isMute: boolean;
}

const anyCourse: fc.Arbitrary<Course> = fc.record({
  kind: fc.constantFrom('switchover', 'failover', 'promote'),
  // Most acts are done.
  fates: fc.array(fc.constantFrom<Fate>('done', 'done', 'done', 'done', 'refused', 'unheard'), { maxLength: 60 }),
  looks: fc.array(fc.constantFrom(true, true, true, true, true, false), { maxLength: 60 }),
  acks: fc.array(fc.boolean(), { maxLength: 3 }),
  ends: fc.array(fc.record({ at: fc.integer({ min: 1, max: 9 }), isKept: fc.boolean() }), { maxLength: 3 }),
  isFirstThere: fc.boolean(),
  isStubborn: fc.boolean(),
  isMute: fc.boolean(),
});

const undisturbed: Course = {
  ...{ kind: 'switchover', fates: [], looks: [], acks: [], ends: [] },
  ...{ isFirstThere: true, isStubborn: false, isMute: false },
};

/** Runs it to its end, however often it is ended. */
async function run(course: Course) {
  const { kind, way = 'pause', fates, looks, acks, ends, isFirstThere } = course;
  const group = new SimulatedGroup(fates[Symbol.iterator](), looks[Symbol.iterator]());
  const acknowledging = acks[Symbol.iterator]();
  for (let count = 0; count < 5; count += 1) group.write();
  group.replicate();
  group.at(first).isThere = kind === 'switchover' || isFirstThere;
  group.at(first).isStubborn = course.isStubborn;
  group.at(second).isMute = course.isMute;
  let kept: PromotionRecord = {
    ...{ cluster: 'c', kind, way, by: 'test', from: first, to: second, force: true, startedAtMs: 0 },
    step: 'candidate',
    steps: [],
    reference: { id: 'h1', offset: 1_500, former: undefined },
    pending: [],
  };
  let followed: string | undefined = first;
  const topology = () => topologyOf(kept, names) ?? {
    primary: followed,
    servers: names.filter((name) => !kept.pending.includes(name)),
  };
  group.published = () => topology().primary;
  let steadyMs = 0;
  const left = [...ends];
  const groundOf = (): Ground => {
    let count = 0;
    const end = left.shift();
    return {
      acts: group.acts(),
      fence: {
        acked: async () => {
          group.write();
          if (acknowledging.next().value !== false) group.take();
          return { acked: 1, total: 1, missing: [] };
        },
      },
      clock: {
        wallMs: () => steadyMs,
        steadyMs: () => (steadyMs += 100),
        wait: async (ms) => void (steadyMs += ms),
      },
      limits: defaultLimits,
      keep: async (record) => {
        count += 1;
        if (count === end?.at && !end.isKept) throw new Killed();
        kept = record;
        if (isOver(record)) followed = record.step === 'done' ? record.to : record.from;
        group.write();
        // Whoever is published takes writes now, or nobody does.
        const { primary, servers } = topology();
        if (primary !== undefined && group.at(primary).isThere) assert.equal(group.at(primary).role, 'primary', record.step);
        const others = servers.filter((name) => name !== primary && group.at(name).role === 'primary');
        if (isOver(record)) assert.deepEqual(others, [], `${record.step}: ${JSON.stringify(record.steps.at(-1))}`);
        if (count === end?.at) throw new Killed();
      },
      servers: () => names,
      rules: ({ reference }) => ({ reference, longestLinkDownMs: 60_000, leftOut: new Set() }),
      pause: () => undefined,
      primary: () => topology().primary,
    };
  };
  let resume: (record: PromotionRecord, ground: Ground) => Promise<PromotionRecord> = runPromotion;
  while (!isOver(kept)) {
    await resume(kept, groundOf()).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
      // By the next start the pause is over, unless that comes soon: as it has to where the new one is published.
      if (!['routed', 'repointing'].includes(kept.step)) group.at(first).isPaused = false;
    });
    resume = resumePromotion;
  }
  return { group, record: kept, primary: topology().primary };
}

test('a promotion ends with one primary that is routed to, and nobody beside it who takes himself for one', async () => {
  await fc.assert(fc.asyncProperty(anyCourse, async (course) => {
    const { record } = await run(course);
    assert.ok(isOver(record));
  }), { numRuns: 2_000 });
});

test('a switchover that nothing disturbs is done, and loses no write', async () => {
  const { group, record, primary } = await run(undisturbed);
  assert.deepEqual([record.step, primary], ['done', second]);
  assert.deepEqual(group.at(second).writes, group.acknowledged);
  assert.ok(group.acknowledged.length > 5);
  for (const server of group.servers.values()) assert.equal(server.isPaused, false);
});

test('a takeover loses no write, wherever the control plane ends', async () => {
  await fc.assert(fc.asyncProperty(anyCourse, async ({ ends, acks }) => {
    const { group, record, primary } = await run({ ...undisturbed, way: 'takeover', ends, acks });
    assert.equal(primary, record.step === 'done' ? second : first);
    assert.deepEqual(group.at(primary ?? '').writes, group.acknowledged);
  }));
});

test('a switchover that is ended leaves no server paused', async () => {
  await fc.assert(fc.asyncProperty(anyCourse, async ({ ends }) => {
    const { group } = await run({ ...undisturbed, ends });
    for (const server of group.servers.values()) assert.equal(server.isPaused, false);
  }));
});

test('no switchover loses an acknowledged write, whatever fails, and wherever the control plane ends', async () => {
  await fc.assert(fc.asyncProperty(anyCourse, async (course) => {
    const { group, primary } = await run({ ...course, kind: 'switchover' });
    assert.ok(primary !== undefined);
    const missing = group.acknowledged.filter((id) => !group.at(primary).writes.includes(id));
    assert.deepEqual(missing, []);
  }), { numRuns: 2_000 });
});
