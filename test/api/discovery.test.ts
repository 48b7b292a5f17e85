import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { addCluster } from '../support/xds/changes.ts';
import { exchange } from './serve-api.ts';
import { waitUntil } from '../support/wait-until.ts';
import { serveDiscovery } from './serve-discovery.ts';

const paths = ['clusters', 'endpoints', 'listeners', 'routes'].flatMap((name) =>
  ['v2', 'v3'].map((version) => `/${version}/discovery:${name}`),
);
const request = '{"node":{"id":"n"}}';

interface StatusBody {
  readonly config: readonly {
    readonly node: object;
    readonly generic_xds_configs: readonly { readonly config_status: string }[];
  }[];
}

describe('POST /v3/discovery:*', () => {
  for (const path of paths) {
    test(`${path} answers in JSON`, async (t) => {
      const served = await serveDiscovery(t);
      served.xds.commit(...addCluster('a', 6379));
      const { status, headers, body } = await served.post(path, request);
      assert.equal(status, 200);
      assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
      const { resources, version_info: version } = JSON.parse(body) as { resources: unknown[]; version_info: string };
      assert.equal(resources.length, 1);
      const again = await served.post(path, JSON.stringify({ node: { id: 'n' }, version_info: version }));
      assert.deepEqual([again.status, again.body], [304, '']);
    });
  }

  test('takes no other method', async (t) => {
    const { port } = await serveDiscovery(t);
    const answer = await exchange(port, 'GET /v3/discovery:clusters HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.deepEqual([answer.status, answer.headers.get('allow'), answer.body], [405, 'POST', '']);
  });

  test('is refused before the first commit, in words', async (t) => {
    const { post } = await serveDiscovery(t);
    const { status, body } = await post('/v3/discovery:clusters', request);
    assert.deepEqual([status, body], [503, 'nothing is published yet\n']);
  });

  const badBodies: readonly (readonly [body: string, words: RegExp])[] = [
    ['', /^empty body/u],
    ['{', /^malformed JSON: /u],
    ['[]', /must be a JSON object/u],
    ['{}', /^node\.id: required/u],
    [`{"node":{"id":"n"},"x":"${'x'.repeat(4_194_304)}"}`, /at most (?:4194304|65536) are taken/u],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, /^[^\n]+\n$/u],
  ];
  for (const [body, words] of badBodies) {
    test(`refuses ${body.length} bytes of ${body.slice(0, 20)}`, async (t) => {
      const served = await serveDiscovery(t);
      served.xds.commit(...addCluster('a', 6379));
      for (const path of ['/v2/discovery:routes', '/v3/discovery:clusters', '/v3/discovery:client_status']) {
        if (body === '{}' && path.endsWith('status')) continue;
        const answer = await served.post(path, body);
        assert.equal(answer.status, 400);
        assert.match(answer.body, words);
        assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
      }
      assert.equal((await served.post('/v3/discovery:clusters', request)).status, 200);
    });
  }

  const unknownPaths = [
    '/v3/discovery:runtime',
    '/v3/discovery',
    '/v3/discovery:clusters/',
    '/v3/Discovery:clusters',
    '/v1/discovery:clusters',
    '/v2/discovery:client_status',
    '/v3/discovery:clusters:clusters',
    '/v3/discoveryxclusters',
  ];
  for (const path of unknownPaths) {
    test(`${path} is not found`, async (t) => {
      const { post } = await serveDiscovery(t);
      const { status, body } = await post(path, request);
      assert.deepEqual([status, body], [404, '404 page not found\n']);
    });
  }
});

describe('POST /v3/discovery:client_status', () => {
  test('answers with who is connected', async (t) => {
    const { xds, post } = await serveDiscovery(t);
    xds.commit(...addCluster('a', 6379));
    const envoy = xds.client({ apiVersion: 'v2', isAggregated: true }, 'one');
    await envoy.hold({ cluster: [] });
    const asked = '{"nodeMatchers":[{"nodeId":{"exact":"one"}}]}';
    const { status, headers, body } = await post('/v3/discovery:client_status', asked);
    assert.deepEqual([status, headers.get('content-type')], [200, 'application/json; charset=utf-8']);
    const { config } = JSON.parse(body) as StatusBody;
    assert.deepEqual(config.map(({ node }) => node), [{ id: 'one', cluster: 'redis' }]);
    const statuses = config[0]?.generic_xds_configs.map(({ config_status: each }) => each);
    assert.deepEqual(statuses, ['SYNCED', 'NOT_SENT', 'NOT_SENT', 'NOT_SENT']);
  });

  test('of nobody is empty', async (t) => {
    const { post } = await serveDiscovery(t);
    const { status, body } = await post('/v3/discovery:client_status', '{}');
    assert.deepEqual([status, body], [200, '{}']);
  });

  test('refuses a body of more than 65,536 bytes, and no other call does', async (t) => {
    const { xds, post } = await serveDiscovery(t);
    xds.commit(...addCluster('a', 6379));
    const body = `{"node":{"id":"n"},"x":"${'x'.repeat(65_536)}"}`;
    assert.equal((await post('/v3/discovery:client_status', body)).status, 400);
    assert.equal((await post('/v3/discovery:clusters', body)).status, 200);
    assert.equal((await post('/v3/discovery:client_status', body.slice(0, 65_534) + '"}')).status, 200);
  });

  test('is being answered eight times at most, whoever asks then is told so', async (t) => {
    const held: (() => void)[] = [];
    const held8 = Promise.withResolvers<void>();
    const renderClientStatus = () =>
      new Promise<string>((resolve) => {
        held.push(() => resolve('{}'));
        if (held.length === 8) held8.resolve();
      });
    const { post } = await serveDiscovery(t, undefined, renderClientStatus);
    const answers = Array.from({ length: 8 }, () => post('/v3/discovery:client_status', '{}'));
    await held8.promise;
    const { status, body } = await post('/v3/discovery:client_status', '{}');
    assert.deepEqual([status, body], [503, '8 answers are on their way: ask again later\n']);
    for (const answer of held) answer();
    assert.deepEqual((await Promise.all(answers)).map((each) => each.status), Array.from({ length: 8 }, () => 200));
    const next = post('/v3/discovery:client_status', '{}');
    await waitUntil('it is asked', () => held.length === 9);
    held[8]?.();
    assert.equal((await next).status, 200);
  });

  test('refuses a matcher that it can not use', async (t) => {
    const { post } = await serveDiscovery(t);
    const { status, body } = await post('/v3/discovery:client_status', '{"node_matchers":[{"node_metadatas":[{}]}]}');
    assert.equal(status, 400);
    assert.match(body, /^node_matchers\[0\]\.node_metadatas: not supported/u);
  });
});
