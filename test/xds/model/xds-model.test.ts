// The discovery streams beside a model: random commits, subscriptions, ACKs, NACKs, delays, reconnects and
// slow readers, over clients of both API versions and both protocols. Every time with another seed; a failure
// tells how to replay it, and `npm run soak` goes on for as long as one likes:
//   XDS_MODEL_SEED=... XDS_MODEL_PATH=... XDS_MODEL_STEPS=... node_modules/.bin/node --test test/xds/model/xds-model.test.ts

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findFailure, readSettings } from './check-runs.ts';

test('whatever happens, clients converge, nothing needless is sent, and the order holds', async () => {
  const failure = await findFailure(readSettings());
  assert.ok(failure === undefined, failure);
});
