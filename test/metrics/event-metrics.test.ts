// What is counted of events.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NewEvent } from '../../src/events/event.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { parseScrape } from './scrape.ts';

async function count(...events: readonly NewEvent[]) {
  const metrics = new Metrics(() => []);
  for (const event of events) metrics.onEvent(event);
  const scraped = parseScrape(await metrics.scrape());
  return (name: string): ReadonlyMap<string, number> => scraped.get(name)?.series ?? assert.fail(`no ${name}`);
}

const step = (name: string, ms: number): NewEvent => ({ type: 'failover-step', message: '', data: { step: name, ms } });

test('events are counted by type', async () => {
  const series = (await count({ type: 'nack', message: '' }, { type: 'nack', message: '' }))('controlplane_events_total');
  assert.equal(series.get('controlplane_events_total{type="nack"}'), 2);
  assert.equal(series.get('controlplane_events_total{type="order"}'), 0);
});

test('how long it took until the Envoys had it', async () => {
  const acked = (ms: number): NewEvent => ({ type: 'acked', message: '', data: { ms, envoys: 1, missing: 0 } });
  const series = (await count(acked(20), acked(700)))('controlplane_cause_to_ack_seconds');
  assert.equal(series.get('controlplane_cause_to_ack_seconds_sum'), 0.72);
  assert.equal(series.get('controlplane_cause_to_ack_seconds_bucket{le="0.025"}'), 1);
  assert.equal(series.get('controlplane_cause_to_ack_seconds_count'), 2);
});

test('steps of failovers by their names, of which there are few', async () => {
  const many = Array.from({ length: 100 }, (_, index) => step(`s${index}`, 10));
  const series = (await count(...many, step('s0', 30)))('controlplane_failover_step_seconds');
  assert.equal(series.get('controlplane_failover_step_seconds_sum{step="s0"}'), 0.04);
  assert.equal(series.get('controlplane_failover_step_seconds_count{step="other"}'), 69);
  assert.equal(Array.from(series.keys()).filter((key) => /_sum/u.test(key)).length, 32);
});
