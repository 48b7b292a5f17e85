import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Metrics } from '../../src/metrics/metrics.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import type { StreamMethod } from '../../src/xds/stream-method.ts';
import type { StreamStatus, SyncState, TypeStatus } from '../../src/xds/stream-status.ts';
import { parseScrape } from './scrape.ts';
import type { ScrapedMetric } from './scrape.ts';

const method: StreamMethod = { apiVersion: 'v3', protocol: 'delta', kind: undefined };

async function scrape(metrics: Metrics): Promise<ReadonlyMap<string, ScrapedMetric>> {
  return parseScrape(await metrics.scrape());
}

function seriesOf(scraped: ReadonlyMap<string, ScrapedMetric>, name: string): ReadonlyMap<string, number> {
  return scraped.get(name)?.series ?? assert.fail(`no ${name}`);
}

/** The series that are not 0. */
function nonZero(scraped: ReadonlyMap<string, ScrapedMetric>, name: string): Record<string, number> {
  return Object.fromEntries([...seriesOf(scraped, name)].filter(([, value]) => value !== 0));
}

describe('a scrape', () => {
  const ours: readonly (readonly [name: string, type: string, series: number])[] = [
    ['controlplane_xds_streams', 'gauge', 2 * 2 * 6],
    ['controlplane_xds_subscriptions', 'gauge', 2 * 2 * 5 * 4],
    ['controlplane_xds_requests_total', 'counter', 2 * 2 * 5],
    ['controlplane_xds_responses_total', 'counter', 2 * 2 * 5],
    ['controlplane_xds_response_bytes_total', 'counter', 2 * 2 * 5],
    ['controlplane_xds_acks_total', 'counter', 2 * 2 * 5],
    ['controlplane_xds_nacks_total', 'counter', 2 * 2 * 5],
    ['controlplane_xds_stale_nonces_total', 'counter', 2 * 2 * 5],
    ['controlplane_xds_unknown_type_requests_total', 'counter', 2 * 2],
    ['controlplane_xds_commit_to_sent_seconds', 'histogram', 5 * (15 + 2)],
    ['controlplane_xds_commit_to_ack_seconds', 'histogram', 5 * (15 + 2)],
    ['controlplane_commits_total', 'counter', 3],
    ['controlplane_certificates', 'gauge', 3],
    ['controlplane_certificate_expiry_timestamp_seconds', 'gauge', 1],
    ['controlplane_warnings', 'gauge', 35],
    ['controlplane_watched_servers', 'gauge', 5],
    ['controlplane_events_total', 'counter', 15],
    ['controlplane_cause_to_ack_seconds', 'histogram', 14 + 2],
    ['controlplane_failover_step_seconds', 'histogram', 14 + 2],
    ['controlplane_log_lines_dropped_total', 'counter', 1],
    ['controlplane_snapshot_build_seconds', 'histogram', 14 + 2],
    ['controlplane_response_encode_seconds', 'histogram', 14 + 2],
    ['controlplane_tls_certificate_expiry_seconds', 'gauge', 1],
  ];

  test('has every metric, and every series of it with 0 before anything happens', async () => {
    const scraped = await scrape(new Metrics(() => []));
    const found = [...scraped.values()].filter(({ name }) => name.startsWith('controlplane_'));
    assert.deepEqual(found.map(({ name, type, series }) => [name, type, series.size]).toSorted(), ours.toSorted());
    const values = found.map(({ name, series }) => [name, ...new Set(series.values())]);
    // There is no certificate that expires.
    const none = (name: string): number => (/certificate_expiry/u.test(name) ? Infinity : 0);
    assert.deepEqual(values, found.map(({ name }) => [name, none(name)]));
  });

  test('has certificates by how long they last, and when the first of them ends', async () => {
    const dayMs = 24 * 3_600_000;
    const ends = [-1, 3, 40, 400].map((days) => Date.now() + days * dayMs);
    const scraped = await scrape(new Metrics(() => [], () => 0, () => undefined, () => ends));
    const valuesOf = (name: string): number[] => [...(scraped.get(name)?.series.values() ?? [])];
    assert.deepEqual(valuesOf('controlplane_certificates'), [1, 1, 2]);
    assert.deepEqual(valuesOf('controlplane_certificate_expiry_timestamp_seconds'), [(ends[0] ?? 0) / 1_000]);
  });

  test('has what there is to warn of, by code', async () => {
    const codes = ['old-envoy', 'secrets-withheld', 'old-envoy'];
    const scraped = await scrape(new Metrics(() => [], () => 0, () => undefined, () => [], () => codes));
    assert.deepEqual(nonZero(scraped, 'controlplane_warnings'), {
      'controlplane_warnings{code="old-envoy"}': 2,
      'controlplane_warnings{code="secrets-withheld"}': 1,
    });
  });

  test('has the servers that are watched, by state', async () => {
    const states = ['up', 'down', 'up'];
    const scraped = await scrape(new Metrics(() => [], () => 0, () => undefined, () => [], () => [], () => states));
    assert.deepEqual(nonZero(scraped, 'controlplane_watched_servers'), {
      'controlplane_watched_servers{state="up"}': 2,
      'controlplane_watched_servers{state="down"}': 1,
    });
  });

  test('has the process and its event loop', async () => {
    const scraped = await scrape(new Metrics(() => []));
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']) {
      assert.ok(scraped.has(name), name);
    }
  });

  test('names things as Prometheus has them', async () => {
    for (const { name, type, help } of (await scrape(new Metrics(() => []))).values()) {
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      if (!name.startsWith('controlplane_')) continue;
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      if (type === 'histogram') assert.match(name, /_seconds$/u);
      assert.match(help, /^[A-Z][^\n]*[^.\n]$/u);
    }
  });

  test('is of the media type that Prometheus asks for', () => {
    assert.equal(new Metrics(() => []).contentType, 'text/plain; version=0.0.4; charset=utf-8');
  });
});

describe('what happened shows', () => {
  test('as the time that is left to a certificate', async () => {
    for (const days of [2, -2]) {
      const scraped = await scrape(new Metrics(() => [], () => 0, () => Date.now() + days * 86_400_000));
      const [seconds = 0] = seriesOf(scraped, 'controlplane_tls_certificate_expiry_seconds').values();
      assert.equal(Math.round(seconds / 86_400), days);
    }
  });

  test('on the streams', async () => {
    const metrics = new Metrics(() => []);
    metrics.observer.streamOpened(method);
    metrics.observer.requestReceived(method, 'cluster');
    metrics.observer.unknownTypeRequested(method);
    metrics.observer.responseSent(method, 'cluster', 70, 30);
    metrics.observer.answerReceived(method, 'cluster', { kind: 'stale' }, undefined);
    const scraped = await scrape(metrics);
    const labels = 'api_version="v3",mode="delta"';
    assert.deepEqual(nonZero(scraped, 'controlplane_xds_streams'), {
      [`controlplane_xds_streams{${labels},stream="aggregated"}`]: 1,
    });
    assert.deepEqual(nonZero(scraped, 'controlplane_xds_unknown_type_requests_total'), {
      [`controlplane_xds_unknown_type_requests_total{${labels}}`]: 1,
    });
    const counted = { requests: 1, responses: 1, response_bytes: 70, acks: 0, nacks: 0, stale_nonces: 1 };
    for (const [name, value] of Object.entries(counted)) {
      const metric = `controlplane_xds_${name}_total`;
      const expected = value === 0 ? {} : { [`${metric}{${labels},type="cluster"}`]: value };
      assert.deepEqual(nonZero(scraped, metric), expected);
    }
    const buckets = Object.keys(nonZero(scraped, 'controlplane_xds_commit_to_sent_seconds'));
    assert.equal(buckets[0], 'controlplane_xds_commit_to_sent_seconds_bucket{type="cluster",le="0.05"}');
    assert.deepEqual(buckets.slice(-3), [
      'controlplane_xds_commit_to_sent_seconds_bucket{type="cluster",le="+Inf"}',
      'controlplane_xds_commit_to_sent_seconds_sum{type="cluster"}',
      'controlplane_xds_commit_to_sent_seconds_count{type="cluster"}',
    ]);
  });

  test('in later scrapes too: counters go on, gauges come down', async () => {
    const metrics = new Metrics(() => []);
    metrics.observer.streamOpened(method);
    metrics.observer.requestReceived(method, 'route');
    await metrics.scrape();
    metrics.observer.requestReceived(method, 'route');
    metrics.observer.streamClosed(method);
    const scraped = await scrape(metrics);
    assert.deepEqual(Object.values(nonZero(scraped, 'controlplane_xds_requests_total')), [2]);
    assert.deepEqual(nonZero(scraped, 'controlplane_xds_streams'), {});
  });

  test('on commits and the work that they make', async () => {
    const metrics = new Metrics(() => []);
    metrics.onCommitEnd('published');
    metrics.onRendered(2);
    metrics.onEncoded(4);
    metrics.onEncoded(4);
    const scraped = await scrape(metrics);
    assert.deepEqual(nonZero(scraped, 'controlplane_commits_total'), {
      'controlplane_commits_total{result="published"}': 1,
    });
    const build = seriesOf(scraped, 'controlplane_snapshot_build_seconds');
    assert.equal(build.get('controlplane_snapshot_build_seconds_sum'), 0.002);
    const encode = seriesOf(scraped, 'controlplane_response_encode_seconds');
    assert.equal(encode.get('controlplane_response_encode_seconds_sum'), 0.008);
    assert.equal(encode.get('controlplane_response_encode_seconds_count'), 2);
  });

  test('in how the open streams stand at the time of the scrape', async () => {
    let statuses: StreamStatus[] = [];
    const metrics = new Metrics(() => statuses);
    statuses = [statusOf('synced', 'error'), statusOf('synced', 'not-sent'), statusOf('stale')];
    const labels = 'api_version="v3",mode="delta"';
    assert.deepEqual(nonZero(await scrape(metrics), 'controlplane_xds_subscriptions'), {
      [`controlplane_xds_subscriptions{${labels},type="cluster",state="synced"}`]: 2,
      [`controlplane_xds_subscriptions{${labels},type="cluster",state="stale"}`]: 1,
      [`controlplane_xds_subscriptions{${labels},type="endpoint",state="error"}`]: 1,
      [`controlplane_xds_subscriptions{${labels},type="endpoint",state="not_sent"}`]: 1,
    });
    statuses = [];
    assert.deepEqual(nonZero(await scrape(metrics), 'controlplane_xds_subscriptions'), {});
  });
});

/** A stream with clusters in the first state and endpoints, if any, in the second. */
function statusOf(...states: readonly SyncState[]): StreamStatus {
  const subscription = new SubscriptionTable().intern(true, []);
  const kinds = ['cluster', 'endpoint'] as const;
  const types = states.map(
    (state, index): TypeStatus => ({
      kind: kinds[index] ?? 'route',
      typeUrl: 'type.googleapis.com/x',
      state,
      versionSent: '',
      versionAccepted: '',
      isEarlierInForce: false,
      unansweredSinceMs: undefined,
      updatedAtMs: undefined,
      lastNack: undefined,
      pause: undefined,
      subscription,
      bytesSent: 0,
      taken: undefined,
    }),
  );
  return {
    method,
    peer: '127.0.0.1:1',
    node: undefined,
    openedAtMs: 0,
    hasSnapshot: true,
    unwrittenSinceMs: undefined,
    types,
    unknownTypeUrls: [],
  };
}
