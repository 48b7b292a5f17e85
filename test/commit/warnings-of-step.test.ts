// What a commit says of its step, to whom it matters.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Warning } from '../../src/commit/published.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { openDesk } from '../support/open-desk.ts';

const after = parseCluster({
  name: 'c',
  kind: 'replicated',
  primary: '10.0.0.1:6379',
  endpoints: [{ address: '10.0.0.1', port: 6379 }],
  reads: 'replica',
  health_check: {},
});

for (const isV2Spoken of [false, true]) {
  test(`what v2 lacks is said ${isV2Spoken ? 'when somebody speaks it' : 'in a plan alone when nobody speaks it'}`, async () => {
    const steps: Warning[] = [];
    const parts = { isV2Spoken: () => isV2Spoken, onStep: (all: readonly Warning[]) => void steps.push(...all) };
    const desk = await openDesk(parts);
    const stage = () => desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    const codes = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code).filter((code) => code === 'not-in-v2');
    await stage();
    assert.deepEqual(codes((await desk.plan()).warnings), ['not-in-v2']);
    const { warnings } = await desk.commit({ author: 'ann' });
    assert.deepEqual(codes(warnings), isV2Spoken ? ['not-in-v2'] : []);
    assert.deepEqual(steps, []);

    // /api/v1 answers nothing: what there is to say is logged.
    const second = await openDesk(parts);
    await second.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    await second.commit({ author: 'ann', isUnguarded: true });
    assert.deepEqual(codes(steps), isV2Spoken ? ['not-in-v2'] : []);
  });
}
