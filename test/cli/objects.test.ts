// cluster, endpoint and listener: what flags ask of the API, and how its answers are shown.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { problem, runInProcess, serveCanned } from './canned-api.ts';

const mergePatch = 'application/merge-patch+json';

const sharded = {
  name: 'carts',
  kind: 'sharded',
  shards: [
    { name: 's0', weight: 2, endpoint: { address: '10.0.0.1', port: 1, zone: 'a', labels: { rack: 'r1' } } },
    { name: 's1', endpoint: { address: '10.0.0.2', port: 1 } },
  ],
};

const [first, second] = [{ address: '10.0.0.5', port: 1, zone: 'a' }, { address: '10.0.0.6', port: 1 }];
const replicatedShard = { name: 's2', weight: 3, primary: '10.0.0.6:1', endpoints: [first, second] };

describe('what a change asks', () => {
  const sizes = { table_size: null, choice_count: null, min_ring_size: null, max_ring_size: null };
  const cases: readonly (readonly [words: string, call: string, body: object | undefined])[] = [
    ['cluster add a', 'PUT /clusters/a', { name: 'a' }],
    [
      'cluster add a --prefix p: --policy ring_hash --min-ring-size 9 --connect-timeout 2s ' +
        '--group g --group h --label k=v --label l=m=n',
      'PUT /clusters/a',
      {
        name: 'a',
        prefix: 'p:',
        load_balancing: { policy: 'ring_hash', min_ring_size: 9 },
        connect_timeout: '2s',
        groups: ['g', 'h'],
        labels: { k: 'v', l: 'm=n' },
      },
    ],
    ['cluster add a --kind sharded', 'PUT /clusters/a', { name: 'a', kind: 'sharded', shards: [] }],
    [
      'cluster add a --kind replicated --primary [2001:DB8::1]:7 --reads any --policy round_robin',
      'PUT /clusters/a',
      {
        name: 'a',
        kind: 'replicated',
        primary: '[2001:DB8::1]:7',
        reads: 'any',
        load_balancing: { policy: 'round_robin' },
        endpoints: [{ address: '2001:db8::1', port: 7 }],
      },
    ],
    ['cluster set a --primary 10.0.0.2:1 --reads=', 'PATCH /clusters/a', { primary: '10.0.0.2:1', reads: null }],
    [
      'cluster add a --kind redis_cluster --refresh-rate 2s --failure-threshold 0',
      'PUT /clusters/a',
      { name: 'a', kind: 'redis_cluster', refresh: { rate: '2s', failure_threshold: 0 } },
    ],
    ['cluster set a --redirect-interval= --redirect-threshold 3', 'PATCH /clusters/a', {
      refresh: { redirect_interval: null, redirect_threshold: 3 },
    }],
    ['cluster add a --prefix= --label k=', 'PUT /clusters/a', { name: 'a' }],
    ['cluster add a/b', 'PUT /clusters/a%2Fb', { name: 'a/b' }],
    [
      'cluster set a --prefix= --label k= --group=',
      'PATCH /clusters/a',
      { prefix: null, labels: { k: null }, groups: null },
    ],
    ['cluster set a --policy maglev', 'PATCH /clusters/a', { load_balancing: { ...sizes, policy: 'maglev' } }],
    [
      'cluster set a --policy maglev --table-size 7',
      'PATCH /clusters/a',
      { load_balancing: { ...sizes, policy: 'maglev', table_size: 7 } },
    ],
    ['cluster set a --table-size 7', 'PATCH /clusters/a', { load_balancing: { table_size: 7 } }],
    ['cluster set a --policy=', 'PATCH /clusters/a', { load_balancing: null }],
    [
      'cluster add a --tls-ca ca --tls-sni redis.internal --tls-certificate mine',
      'PUT /clusters/a',
      { name: 'a', upstream_tls: { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'mine' } } },
    ],
    ['cluster add a --tls-insecure', 'PUT /clusters/a', { name: 'a', upstream_tls: { insecure: true } }],
    [
      'cluster set a --tls-ca ca --tls-san any',
      'PATCH /clusters/a',
      { upstream_tls: { insecure: null, ca: { secret: 'ca' }, sans: 'any' } },
    ],
    [
      'cluster set a --tls-san 10.0.0.1 --tls-san redis.internal',
      'PATCH /clusters/a',
      { upstream_tls: { sans: ['10.0.0.1', 'redis.internal'] } },
    ],
    [
      'cluster set a --tls-insecure',
      'PATCH /clusters/a',
      { upstream_tls: { ca: null, sans: null, insecure: true } },
    ],
    ['cluster set a --tls-ca=', 'PATCH /clusters/a', { upstream_tls: null }],
    [
      'cluster add a --auth-secret s --auth-user u',
      'PUT /clusters/a',
      { name: 'a', upstream_auth: { password: { secret: 's' }, username: 'u' } },
    ],
    ['cluster set a --auth-user u', 'PATCH /clusters/a', { upstream_auth: { username: 'u' } }],
    ['cluster set a --auth-secret=', 'PATCH /clusters/a', { upstream_auth: null }],
    [
      'listener set l --auth-secret s --auth-secret t',
      'PATCH /listeners/l',
      { auth: { passwords: [{ secret: 's' }, { secret: 't' }] } },
    ],
    ['listener set l --auth-secret=', 'PATCH /listeners/l', { auth: null }],
    [
      'endpoint set a 10.0.0.1:1 --auth-secret s',
      'PATCH /clusters/a/endpoints/10.0.0.1%3A1',
      { upstream_auth: { password: { secret: 's' } } },
    ],
    ['cluster add a --health-check', 'PUT /clusters/a', { name: 'a', health_check: {} }],
    [
      'cluster set a --health-check {"interval":"1s","key":null} --outlier-detection= --panic-threshold 2 --placement remap',
      'PATCH /clusters/a',
      {
        health_check: { interval: '1s', key: null },
        outlier_detection: null,
        panic_threshold: 2,
        placement: 'remap',
      },
    ],
    ['cluster set a --watch on', 'PATCH /clusters/a', { watch: 'on' }],
    ['cluster set a --watch {"down_after":5} --protocol=', 'PATCH /clusters/a', { watch: { down_after: 5 }, protocol: null }],
    ['cluster add a --watch off --protocol http', 'PUT /clusters/a', { name: 'a', watch: 'off', protocol: 'http' }],
    [
      'cluster add a --kind replicated --failover sentinel --sentinel-master m --sentinels 10.0.0.5:1,10.0.0.6:1 ' +
        '--sentinel-secret s --sentinel-user u --sentinel-nat 172.17.0.2:6379=10.0.0.1:6379 --sentinel-tls {"insecure":true}',
      'PUT /clusters/a',
      {
        name: 'a',
        kind: 'replicated',
        failover: {
          by: 'sentinel',
          master: 'm',
          sentinels: ['10.0.0.5:1', '10.0.0.6:1'],
          nat_map: { '172.17.0.2:6379': '10.0.0.1:6379' },
          password: { secret: 's' },
          username: 'u',
          tls: { insecure: true },
        },
      },
    ],
    [
      'cluster set a --failover sentinel --sentinel-master m --sentinels 10.0.0.5:1',
      'PATCH /clusters/a',
      {
        failover: {
          by: 'sentinel',
          master: 'm',
          sentinels: ['10.0.0.5:1'],
          down_after: null,
          cooldown: null,
          max_lag: null,
        },
      },
    ],
    [
      'cluster set a --sentinel-secret= --sentinel-nat 172.17.0.2:6379=',
      'PATCH /clusters/a',
      { failover: { password: null, username: null, nat_map: { '172.17.0.2:6379': null } } },
    ],
    ['cluster set a --failover none', 'PATCH /clusters/a', { failover: null }],
    [
      'cluster set a --failover controlplane --failover-down-after 5s --failover-cooldown 10m --failover-max-lag 1000',
      'PATCH /clusters/a',
      {
        failover: {
          by: 'controlplane',
          down_after: '5s',
          cooldown: '10m',
          max_lag: 1_000,
          master: null,
          sentinels: null,
          nat_map: null,
          password: null,
          username: null,
          tls: null,
        },
      },
    ],
    ['cluster remove a', 'DELETE /clusters/a', undefined],
    [
      'listener set l --tls-certificate c --tls-client-ca ca --require-client-certificate false',
      'PATCH /listeners/l',
      { tls: { certificate: { secret: 'c' }, client_ca: { secret: 'ca' }, require_client_certificate: false } },
    ],
    ['listener set l --tls-certificate=', 'PATCH /listeners/l', { tls: null }],
    [
      'endpoint add a 10.0.0.1:6379 --weight 2 --zone z',
      'PUT /clusters/a/endpoints/10.0.0.1%3A6379',
      { address: '10.0.0.1', port: 6379, weight: 2, zone: 'z' },
    ],
    ['endpoint add a Redis-A.x:1', 'PUT /clusters/a/endpoints/redis-a.x%3A1', { address: 'redis-a.x', port: 1 }],
    ['endpoint add a [0::1]:1', 'PUT /clusters/a/endpoints/%5B%3A%3A1%5D%3A1', { address: '::1', port: 1 }],
    [
      'endpoint set a 10.0.0.1:1 --zone= --weight 3',
      'PATCH /clusters/a/endpoints/10.0.0.1%3A1',
      { zone: null, weight: 3 },
    ],
    ['endpoint remove a 10.0.0.1:1', 'DELETE /clusters/a/endpoints/10.0.0.1%3A1', undefined],
    [
      'listener add l --kind tcp --address 0.0.0.0:1 --cluster a --sticky --idle-timeout 1m --max-connect-attempts 2',
      'PUT /listeners/l',
      {
        name: 'l',
        kind: 'tcp',
        address: '0.0.0.0:1',
        cluster: 'a',
        sticky: 'source_ip',
        idle_timeout: '1m',
        max_connect_attempts: 2,
      },
    ],
    [
      'listener add l --address 0.0.0.0:1 --route a=b:=c --route d:=e --catch-all none ' +
        '--enable-hashtagging --case-insensitive false',
      'PUT /listeners/l',
      {
        name: 'l',
        address: '0.0.0.0:1',
        routes: [
          { prefix: 'a=b:', cluster: 'c' },
          { prefix: 'd:', cluster: 'e' },
        ],
        catch_all: 'none',
        enable_hashtagging: true,
        case_insensitive: false,
      },
    ],
    [
      'listener set l --route a=b:=c --reads a=b:=any --read-policy prefer_primary',
      'PATCH /listeners/l',
      { routes: [{ prefix: 'a=b:', cluster: 'c', reads: 'any' }], read_policy: 'prefer_primary' },
    ],
    [
      'listener set l --route a:=b --remove-prefix a: --route c:=d',
      'PATCH /listeners/l',
      {
        routes: [
          { prefix: 'a:', cluster: 'b', remove_prefix: true },
          { prefix: 'c:', cluster: 'd' },
        ],
      },
    ],
    [
      'listener add l --address 0.0.0.0:1 --route a=b:=c --route a=b:c:=d --key-formatter a=b:=x=%KEY% ' +
        '--mirror a=b:=e --mirror a=b:=f=g --mirror a=b:c:=c --mirror-percent 5 --mirror-exclude-reads ' +
        '--catch-all h --mirror =i --key-formatter =y%KEY%',
      'PUT /listeners/l',
      {
        name: 'l',
        address: '0.0.0.0:1',
        routes: [
          {
            prefix: 'a=b:',
            cluster: 'c',
            key_formatter: 'x=%KEY%',
            mirrors: [
              { cluster: 'e', percent: 5, exclude_reads: true },
              { cluster: 'f=g', percent: 5, exclude_reads: true },
            ],
          },
          { prefix: 'a=b:c:', cluster: 'd', mirrors: [{ cluster: 'c', percent: 5, exclude_reads: true }] },
        ],
        catch_all: {
          cluster: 'h',
          mirrors: [{ cluster: 'i', percent: 5, exclude_reads: true }],
          key_formatter: 'y%KEY%',
        },
      },
    ],
    [
      'listener add l --address 0.0.0.0:1 --enable-redirection --max-upstream-unknown-connections 0 ' +
        '--buffer-max-bytes 9 --buffer-flush-timeout 1ms --connection-rate-limit 3 --command-stats ' +
        '--custom-command json.get --custom-command bf.add --protocol RESP3 ' +
        '--fault error,percent=5,command=get,command=set --fault delay,delay=1s,percent=1',
      'PUT /listeners/l',
      {
        name: 'l',
        address: '0.0.0.0:1',
        enable_redirection: true,
        max_upstream_unknown_connections: 0,
        buffer: { max_bytes: 9, flush_timeout: '1ms' },
        connection_rate_limit: 3,
        command_stats: true,
        custom_commands: ['json.get', 'bf.add'],
        protocol: 'RESP3',
        faults: [
          { type: 'error', percent: 5, commands: ['get', 'set'] },
          { type: 'delay', delay: '1s', percent: 1 },
        ],
      },
    ],
    [
      'listener set l --route /a/=b --route /=c --host /a/=x.example --host /a/=*.x.example --timeout 2s ' +
        '--retry-attempts 1 --retry-on reset --retry-on 5xx --idle-timeout 1m --max-connection-duration 1h',
      'PATCH /listeners/l',
      {
        routes: [
          {
            prefix: '/a/',
            cluster: 'b',
            hosts: ['x.example', '*.x.example'],
            timeout: '2s',
            retries: { attempts: 1, on: ['reset', '5xx'] },
          },
          { prefix: '/', cluster: 'c', timeout: '2s', retries: { attempts: 1, on: ['reset', '5xx'] } },
        ],
        idle_timeout: '1m',
        max_connection_duration: '1h',
      },
    ],
    [
      'listener set l --route auto --sticky none --op-timeout=',
      'PATCH /listeners/l',
      { routes: 'auto', sticky: 'none', op_timeout: null },
    ],
    ['listener remove l', 'DELETE /listeners/l', undefined],
  ];
  for (const [words, call, body] of cases) {
    test(words, async (t) => {
      const api = await serveCanned(t, { [call]: { status: body === undefined ? 204 : 200 } });
      const { status, stdout, stderr } = await runInProcess([...words.split(' '), '--api', api.address]);
      assert.deepEqual([status, stderr, api.calls], [0, '', [call]]);
      const { headers, body: sent } = api.asked[0] ?? assert.fail();
      assert.deepEqual(sent, body);
      assert.equal(headers['x-author'], 'ann');
      assert.equal(headers['if-none-match'], call.startsWith('PUT') ? '*' : undefined);
      if (call.startsWith('PATCH')) assert.equal(headers['content-type'], mergePatch);
      assert.match(stdout, /^staged: [+~-] (?:cluster|endpoint|listener) .+\n$/u);
    });
  }
});

describe('a shard', () => {
  const [s0, s1] = sharded.shards;
  const cases: readonly (readonly [words: string, shards: readonly unknown[]])[] = [
    [
      'add carts 10.0.0.3:1 --shard s2 --weight 3',
      [s0, s1, { name: 's2', weight: 3, endpoint: { address: '10.0.0.3', port: 1 } }],
    ],
    ['set carts 10.0.0.9:2 --shard s0', [{ ...s0, endpoint: { ...s0?.endpoint, address: '10.0.0.9', port: 2 } }, s1]],
    [
      'set carts 10.0.0.1:1 --shard s0 --weight= --zone= --label rack=',
      [{ name: 's0', endpoint: { address: '10.0.0.1', port: 1 } }, s1],
    ],
    ['remove carts 10.0.0.2:1 --shard s1', [s0]],
  ];
  for (const [words, shards] of cases) {
    test(`${words}: the list of shards is patched, as it was read`, async (t) => {
      const api = await serveCanned(t, {
        'GET /clusters/carts': { body: sharded, headers: { etag: '"e1"' } },
        'PATCH /clusters/carts': { body: {} },
      });
      const { status, stderr } = await runInProcess(['endpoint', ...words.split(' '), '--api', api.address]);
      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(api.asked.at(-1)?.body, { shards });
      assert.equal(api.asked.at(-1)?.headers['if-match'], '"e1"');
    });
  }

  const refused: readonly (readonly [words: string, line: string])[] = [
    ['add carts 10.0.0.3:1 --shard s1', 'shard "s1": is there already; set moves it to another server'],
    ['set carts 10.0.0.3:1 --shard s9', 'shard "s9": no such shard, there are s0, s1, s2'],
    ['remove carts 10.0.0.3:1 --shard s0', 'shard "s0": has the server 10.0.0.1:1, not this one'],
    [
      'set carts 10.0.0.3:1 --shard s2',
      'shard "s2": has replicas: they are changed in a file (controlplane apply), or by /api/v2',
    ],
    ['add plain 10.0.0.3:1 --shard s0', 'cluster "plain": is not sharded, it has no shards'],
  ];
  for (const [words, line] of refused) {
    test(`${words}: ${line}`, async (t) => {
      const api = await serveCanned(t, {
        'GET /clusters/carts': { body: { ...sharded, shards: [...sharded.shards, replicatedShard] } },
        'GET /clusters/plain': { body: { name: 'plain', endpoints: [] } },
      });
      const { status, stderr } = await runInProcess(['endpoint', ...words.split(' '), '--api', api.address]);
      assert.deepEqual([status, stderr], [1, `controlplane: ${line}\n`]);
      assert.ok(api.calls.every((call) => call.startsWith('GET')));
    });
  }
});

describe('what is refused', () => {
  const usage: readonly (readonly [words: string, line: string])[] = [
    ['cluster add', 'NAME is missing, see --help'],
    ['cluster add a b', '"b": only one name is taken, see --help'],
    ['cluster set a', 'nothing to set: no flag names a field, see --help'],
    ['cluster add a --label x', '--label "x": must be KEY=VALUE'],
    ['cluster add a --health-check []', '--health-check "[]": must be a JSON object, such as {"interval":"1s"}'],
    ['cluster add a --outlier-detection x', '--outlier-detection "x": must be a JSON object, such as {"interval":"1s"}'],
    ['cluster add a --table-size many', '--table-size "many": must be a whole number'],
    ['endpoint add a 10.0.0.1', 'ADDRESS:PORT "10.0.0.1": must be HOST:PORT, [IPV6]:PORT or :PORT'],
    [
      'endpoint add a red_is:6379',
      'ADDRESS:PORT "red_is:6379": must be an IP address or a host name, and a port, such as 10.0.0.1:6379',
    ],
    ['listener add l --route x', '--route "x": must be PREFIX=CLUSTER, or auto'],
    ['listener add l --route a:=b --reads a=any', '--reads "a": must be the PREFIX of a --route'],
    ['listener add l --route a:=b --remove-prefix a', '--remove-prefix "a": must be the PREFIX of a --route'],
    ['listener set l --route auto --remove-prefix a', '--remove-prefix "a": must be the PREFIX of a --route'],
    ['listener set l --route a:=b --mirror b:=c', '--mirror "b:=c": must begin with the PREFIX of a --route'],
    ['listener set l --mirror =c', '--mirror "=c": must begin with the PREFIX of a --route'],
    ['listener set l --timeout 1s', '--timeout: is of each --route, and there is none'],
    ['listener set l --mirror-percent 5', '--mirror-percent: is of each --mirror, and there is none'],
    [
      'listener set l --fault abort',
      '--fault "abort": must be error or delay, then percent=N, delay=DURATION or command=NAME, with commas between',
    ],
    ['listener set l --remove-prefix=', 'nothing to set: no flag names a field, see --help'],
    ['listener add l --case-insensitive 1', '--case-insensitive "1": must be true or false'],
    ['cluster list --view yesterday', '--view "yesterday": must be one of staged, committed, effective'],
    ['cluster list --output xml', '--output "xml": must be one of table, json, yaml'],
    ['cluster add a --author= ', '--author "": must not be empty'],
    ['cluster', 'one of list, get, add, set, remove must follow, see --help'],
    ['cluster ad', '"ad": no such command, did you mean add, see --help'],
  ];
  for (const [words, line] of usage) {
    test(`${words}: exit code 2`, async () => {
      const finished = await runInProcess(words.trim().split(' '));
      assert.deepEqual(finished, { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
    });
  }

  test('what is there already is told so', async (t) => {
    const exists = problem(412, 'If-None-Match *: it exists');
    const api = await serveCanned(t, { 'PUT /clusters/a': exists, 'PUT /clusters/a/endpoints/10.0.0.1%3A1': exists });
    const rule = 'is there already; set changes it, remove takes it away';
    assert.equal(
      (await runInProcess(['cluster', 'add', 'a', '--api', api.address])).stderr,
      `controlplane: cluster "a": ${rule}\n`,
    );
    const { status, stderr } = await runInProcess(['endpoint', 'add', 'a', '10.0.0.1:1', '--api', api.address]);
    assert.deepEqual([status, stderr], [1, `controlplane: endpoint 10.0.0.1:1 of cluster "a": ${rule}\n`]);
  });

  test('each fault is a line, fit for a terminal', async (t) => {
    const faults = [
      { pointer: '/prefix', value: 'p\u001b', rule: 'must be text' },
      { pointer: '/x', rule: 'no such field' },
    ];
    const api = await serveCanned(t, { 'PATCH /clusters/a': problem(422, '2 faults', { faults }) });
    const { status, stderr } = await runInProcess(['cluster', 'set', 'a', '--prefix', 'p', '--api', api.address]);
    assert.equal(stderr, 'controlplane: 2 faults\n  /prefix "p\\u001b": must be text\n  /x: no such field\n');
    assert.equal(status, 1);
  });
});

describe('what is shown', () => {
  test('lists are read page by page, and shown as one table', async (t) => {
    const first = {
      name: 'a\u202e',
      prefix: 'p:',
      endpoints: [{ address: '10.0.0.1', port: 1 }],
      labels: { k: 'v' },
      groups: ['g', 'h'],
    };
    const api = await serveCanned(t, {
      'GET /clusters?view=committed&limit=1000': { body: { clusters: [first], next: 'n 1' } },
      'GET /clusters?view=committed&limit=1000&cursor=n+1': { body: { clusters: [sharded] } },
    });
    const words = ['cluster', 'list', '--view', 'committed', '--api', api.address];
    assert.equal(
      (await runInProcess(words)).stdout,
      [
        'NAME       KIND     PREFIX  SERVERS  POLICY  GROUPS  LABELS',
        'a\\u{202e}  plain    p:      1        -       g,h     k=v',
        'carts      sharded  -       2        -       -       -',
        '',
      ].join('\n'),
    );
    const { stdout } = await runInProcess([...words, '-o', 'json']);
    assert.deepEqual(JSON.parse(stdout), { clusters: [first, sharded] });
    assert.ok(stdout.includes('"a\\u202e"'));
  });

  test('one cluster: its fields, and its servers', async (t) => {
    const api = await serveCanned(t, { 'GET /clusters/carts': { body: sharded } });
    const { stdout } = await runInProcess(['cluster', 'get', 'carts', '--api', api.address]);
    assert.equal(
      stdout,
      [
        'name  carts',
        'kind  sharded',
        '',
        'SHARD  ADDRESS     WEIGHT  ZONE  LABELS',
        's0     10.0.0.1:1  2       a     rack=r1',
        's1     10.0.0.2:1  -       -     -',
        '',
      ].join('\n'),
    );
    const yaml = (await runInProcess(['cluster', 'get', 'carts', '-o', 'yaml', '--api', api.address])).stdout;
    assert.match(yaml, /^name: carts\nkind: sharded\nshards:\n {2}- name: s0\n/u);
  });

  test('servers: those of the cluster, or one', async (t) => {
    const endpoint = { address: '::1', port: 1, weight: 3 };
    const api = await serveCanned(t, {
      'GET /clusters/a': { body: { name: 'a', endpoints: [endpoint] } },
      'GET /clusters/a/endpoints/%5B%3A%3A1%5D%3A1': { body: endpoint },
      'GET /orders?cluster=a': { body: { orders: [] } },
    });
    const words = ['endpoint', 'get', 'a', 'shard-0', '--api', api.address];
    const line = 'ADDRESS:PORT "shard-0": must be HOST:PORT, [IPV6]:PORT or :PORT';
    assert.deepEqual(await runInProcess(words), { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
    const table = 'ADDRESS  WEIGHT  ZONE  LABELS\n[::1]:1  3       -     -\n';
    assert.equal((await runInProcess(['endpoint', 'list', 'a', '--api', api.address])).stdout, table);
    assert.equal((await runInProcess(['endpoint', 'get', 'a', '[::1]:1', '--api', api.address])).stdout, table);
    const { stdout } = await runInProcess(['endpoint', 'list', 'a', '-ojson', '--api', api.address]);
    assert.deepEqual(JSON.parse(stdout), { endpoints: [endpoint] });
  });

  test('the servers of groups that replicate, and what each is', async (t) => {
    const group = { name: 'g', kind: 'replicated', primary: '10.0.0.6:1', endpoints: [first, second] };
    const api = await serveCanned(t, {
      'GET /clusters/g': { body: group },
      'GET /orders?cluster=g': { body: { orders: [] } },
      'GET /orders?cluster=carts': { body: { orders: [] } },
      'GET /clusters/carts': { body: { ...sharded, shards: [sharded.shards[1], replicatedShard] } },
    });
    const list = async (name: string) => (await runInProcess(['endpoint', 'list', name, '--api', api.address])).stdout;
    assert.equal(
      await list('g'),
      [
        'ADDRESS     ROLE     WEIGHT  ZONE  LABELS',
        '10.0.0.5:1  replica  -       a     -',
        '10.0.0.6:1  primary  -       -     -',
        '',
      ].join('\n'),
    );
    assert.equal(
      await list('carts'),
      [
        'SHARD  ADDRESS     ROLE     WEIGHT  ZONE  LABELS',
        's1     10.0.0.2:1  primary  -       -     -',
        's2     10.0.0.5:1  replica  3       a     -',
        's2     10.0.0.6:1  primary  3       -     -',
        '',
      ].join('\n'),
    );
  });

  for (const server of ['s1', '10.0.0.2:1']) {
    test(`a shard, by ${server}`, async (t) => {
      const api = await serveCanned(t, { 'GET /clusters/carts?view=staged': { body: sharded } });
      const words = ['endpoint', 'get', 'carts', server, '--view', 'staged', '--api', api.address];
      const table = 'SHARD  ADDRESS     WEIGHT  ZONE  LABELS\ns1     10.0.0.2:1  -       -     -\n';
      assert.equal((await runInProcess(words)).stdout, table);
      const { stdout } = await runInProcess([...words, '-o', 'json']);
      assert.deepEqual(JSON.parse(stdout), sharded.shards[1]);
    });
  }

  test('a shard that is not there', async (t) => {
    const api = await serveCanned(t, { 'GET /clusters/carts': { body: sharded } });
    const { status, stderr } = await runInProcess(['endpoint', 'get', 'carts', 's9', '--api', api.address]);
    assert.deepEqual([status, stderr], [1, 'controlplane: shard "s9": no such shard, there are s0, s1\n']);
  });

  test('listeners: where they lead', async (t) => {
    const listeners = [
      { name: 'r' },
      { name: 's', address: '0.0.0.0:1', routes: [{ prefix: 'p:', cluster: 'a', remove_prefix: true }] },
      { name: 't', kind: 'tcp', address: '0.0.0.0:2', cluster: 'a' },
    ];
    const api = await serveCanned(t, {
      'GET /listeners?limit=1000': { body: { listeners } },
      'GET /listeners/s': { body: listeners[1] ?? {} },
    });
    assert.equal(
      (await runInProcess(['listener', 'list', '--api', api.address])).stdout,
      [
        'NAME  KIND   ADDRESS    GOES TO  GROUPS  LABELS',
        'r     redis  -          auto     -       -',
        's     redis  0.0.0.0:1  1 route  -       -',
        't     tcp    0.0.0.0:2  a        -       -',
        '',
      ].join('\n'),
    );
    const { stdout } = await runInProcess(['listener', 'get', 's', '--api', api.address]);
    assert.equal(stdout, 'name     s\naddress  0.0.0.0:1\n\nROUTE  CLUSTER  PREFIX\np:     a        removed\n');
  });
});

test('a single fault is told once, several one by one', async (t) => {
  const [one, two] = ['a', 'b'].map((name) => ({ pointer: `/${name}`, value: 1, rule: 'no such field' }));
  const [first, second] = ['/a 1: no such field', '/b 1: no such field'];
  for (const [faults, detail, lines] of [
    [[one], first, first],
    [[one, two], `${first}; ${second}`, `${first}; ${second}\n  ${first}\n  ${second}`],
  ] as const) {
    const api = await serveCanned(t, { 'PUT /clusters/a': problem(422, detail, { faults }) });
    const { stderr } = await runInProcess(['cluster', 'add', 'a', '--api', api.address]);
    assert.equal(stderr, `controlplane: ${lines}\n`);
  }
});
