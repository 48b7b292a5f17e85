// When a primary counts as dead, and when it is we who do not reach it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { SeenServer } from '../../src/effective/seen.ts';
import { detect, nothingDetected } from '../../src/failover/death.ts';
import type { Detection, Verdict } from '../../src/failover/death.ts';
import { longestSilenceMs } from '../../src/failover/witnesses.ts';

const [primary, one, two] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'];
const wallMs = 1_000_000_000;
const downAfterMs = 10_000;

const dead: SeenServer = { state: 'down', sinceMs: 0, reason: 'refused: nobody listens', role: 'primary' };

function replica(more: Partial<SeenServer> = {}): SeenServer {
  return { state: 'up', sinceMs: 0, role: 'replica', follows: primary, link: 'down', answeredAtMs: wallMs, ...more };
}

type Servers = readonly (readonly [string, SeenServer])[];

/** As it has been for so long. */
function verdictAfter(servers: Servers, forMs = 30_000, isKnown = true): Verdict {
  const watched = { servers: new Map(servers), primary, isKnown, downAfterMs };
  let detection = nothingDetected;
  let verdict: Verdict = { state: 'well' };
  for (let steadyMs = 0; steadyMs <= forMs; steadyMs += 1_000) {
    ({ detection, verdict } = detect(detection, watched, { steadyMs, wallMs }));
  }
  return verdict;
}

describe('a primary that does not answer', () => {
  const states: readonly (readonly [what: string, servers: Servers, state: Verdict['state'], isKnown?: boolean])[] = [
    ['is dead when every replica that answers says that its link is down', [[primary, dead], [one, replica()], [two, replica()]], 'dead'],
    ['is dead when one replica says so, and the other can not be seen', [[primary, dead], [one, replica()], [two, { ...replica({ link: 'up' }), state: 'down' }]], 'dead'],
    ['is dead when the link is up in name, and silent for too long', [[primary, dead], [one, replica({ link: 'up', silentMs: longestSilenceMs + 1_000 })]], 'dead'],
    ['is unreachable while one is linked', [[primary, dead], [one, replica()], [two, replica({ link: 'up', silentMs: 1_000 })]], 'unreachable'],
    ['is unreachable while one gets all of its data', [[primary, dead], [one, replica({ isSyncing: true })]], 'unreachable'],
    ['is unreachable while nobody can be asked', [[primary, dead], [one, { ...dead, role: 'replica' }]], 'unreachable'],
    ['is unreachable where nobody tells of a link', [[primary, dead], [one, { ...replica(), link: undefined }]], 'unreachable'],
    ['is unreachable when the witness has not answered since', [[primary, dead], [one, replica({ answeredAtMs: wallMs - 60_000 })]], 'unreachable'],
    ['is unreachable by the word of a replica of a replica alone', [[primary, dead], [one, { ...dead, role: 'replica' }], [two, replica({ follows: one })]], 'unreachable'],
    ['is dead though a replica of a replica is linked', [[primary, dead], [one, replica()], [two, replica({ follows: one, link: 'up' })]], 'dead'],
    ['is not dead when it answers LOADING', [[primary, { ...dead, reason: 'busy: LOADING' }], [one, replica()]], 'unreachable'],
    ['is well when it answers again', [[primary, { ...dead, state: 'recovering' }], [one, replica()]], 'well'],
    ['is nothing of which we know when it was never heard of', [[primary, { ...dead, state: 'unknown', isUnheard: true }], [one, replica()]], 'well', false],
    ['is dead when it was the primary before we watched it', [[primary, { ...dead, state: 'unknown', isUnheard: true }], [one, replica()]], 'dead'],
    ['is failing while it is suspect', [[primary, { ...dead, state: 'suspect' }], [one, replica()]], 'failing'],
  ];
  for (const [what, servers, state, isKnown] of states) {
    test(what, () => assert.equal(verdictAfter(servers, 30_000, isKnown).state, state));
  }

  test('is failing until its time is over', () => {
    const servers: Servers = [[primary, dead], [one, replica()]];
    assert.equal(verdictAfter(servers, downAfterMs - 1_000).state, 'failing');
    assert.deepEqual(verdictAfter(servers, downAfterMs), { state: 'dead', forMs: downAfterMs, witnesses: [one] });
  });

  test('is watched anew by a control plane that stood still', () => {
    const watched = { servers: new Map<string, SeenServer>([[primary, dead], [one, replica()]]), primary, isKnown: true, downAfterMs };
    const early = detect(nothingDetected, watched, { steadyMs: 0, wallMs }).detection;
    const late = detect(early, watched, { steadyMs: 60_000, wallMs });
    assert.deepEqual(late.verdict, { state: 'failing', forMs: 0 });
  });

  test('after another one is given its own time', () => {
    const servers = new Map<string, SeenServer>([[primary, dead], [one, dead], [two, replica({ follows: one })]]);
    const terms = { servers, isKnown: true, downAfterMs };
    const { detection } = detect(nothingDetected, { ...terms, primary }, { steadyMs: 0, wallMs });
    const next = detect(detection, { ...terms, primary: one }, { steadyMs: 9_000, wallMs });
    assert.deepEqual(next.verdict, { state: 'failing', forMs: 0 });
  });

  test('is not dead earlier because the wall clock jumps', () => {
    const watched = { servers: new Map<string, SeenServer>([[primary, dead], [one, replica()]]), primary, isKnown: true, downAfterMs };
    let detection: Detection = nothingDetected;
    for (const [steadyMs, jumpMs] of [[0, 0], [1_000, 3_600_000], [2_000, -3_600_000]] as const) {
      const step = detect(detection, watched, { steadyMs, wallMs: wallMs + jumpMs });
      detection = step.detection;
      assert.equal(step.verdict.state, 'failing');
    }
  });
});

const anySeen = fc.record({
  state: fc.constantFrom('unknown', 'up', 'suspect', 'down', 'recovering') as fc.Arbitrary<SeenServer['state']>,
  sinceMs: fc.constant(0),
  role: fc.constantFrom('replica', 'primary', undefined),
  link: fc.constantFrom('up', 'down', undefined) as fc.Arbitrary<SeenServer['link']>,
  silentMs: fc.constantFrom(0, 24_000, 40_000),
  answeredAtMs: fc.constantFrom(wallMs, wallMs - 300_000),
});

test('nobody is dead while a replica that answers has a link on which something comes', () => {
  fc.assert(fc.property(fc.array(anySeen, { maxLength: 5 }), (replicas) => {
    const servers = replicas.map((seen, index) => [`10.0.1.${index}:6379`, seen as SeenServer] as const);
    const linked = replica({ link: 'up', silentMs: 2_000 });
    assert.notEqual(verdictAfter([[primary, dead], [one, linked], ...servers]).state, 'dead');
  }));
});

test('nobody is dead without a witness', () => {
  fc.assert(fc.property(fc.array(anySeen, { maxLength: 5 }), (replicas) => {
    const servers = replicas.map((seen, index) => [`10.0.1.${index}:6379`, seen as SeenServer] as const);
    const verdict = verdictAfter([[primary, dead], ...servers]);
    if (verdict.state !== 'dead') return;
    for (const witness of verdict.witnesses) {
      const seen = new Map<string, SeenServer>(servers).get(witness);
      assert.equal(seen?.state === 'up' && seen.role === 'replica' && seen.link !== undefined, true);
    }
    assert.ok(verdict.witnesses.length > 0);
  }));
});
