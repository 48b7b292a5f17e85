// The daemon's own metrics: every part of it counts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startControlPlane } from '../support/controlplane.ts';
import { SotwClient } from '../support/xds/sotw-client.ts';
import { XdsConnection } from '../support/xds/xds-connection.ts';
import { parseScrape } from './scrape.ts';

test('a running control plane tells what it did', async (t) => {
  const controlPlane = await startControlPlane(t);
  const value = async (metric: string, series: string): Promise<number | undefined> => {
    const response = await fetch(`http://${controlPlane.api}/metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    return parseScrape(await response.text()).get(`controlplane_${metric}`)?.series.get(`controlplane_${series}`);
  };
  const connection = new XdsConnection(controlPlane.place.xdsPort);
  t.after(() => connection.close());
  const envoy = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true });
  envoy.subscribe('cluster');

  await controlPlane.cli('cluster', 'add', 'a', 'b');
  await controlPlane.cli('commit');
  await controlPlane.cli('commit');
  await envoy.takeAndAck('cluster');

  assert.equal(await value('commits_total', 'commits_total{result="published"}'), 1);
  assert.equal(await value('commits_total', 'commits_total{result="unchanged"}'), 1);
  assert.equal(await value('snapshot_build_seconds', 'snapshot_build_seconds_count'), 1);
  assert.equal(await value('response_encode_seconds', 'response_encode_seconds_count'), 1);
  const labels = 'api_version="v3",mode="sotw"';
  assert.equal(await value('xds_streams', `xds_streams{${labels},stream="aggregated"}`), 1);
  assert.equal(await value('xds_responses_total', `xds_responses_total{${labels},type="cluster"}`), 1);
});
