// diff, plan, commit, discard, history, show and rollback: what they ask, what they print, how they end.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ChangeMessage } from '../../src/cli/messages.ts';
import { problem, runInProcess, serveCanned } from './canned-api.ts';
import type { Canned } from './canned-api.ts';

const server = (more: object = {}): object => ({ address: '10.0.0.1', port: 1, ...more });

const changes: readonly (readonly [change: ChangeMessage, lines: readonly string[]])[] = [
  [
    {
      kind: 'cluster',
      name: 'sessions',
      change: 'changed',
      fields: [{ field: 'connect_timeout', before: '5s', after: '2s' }],
    },
    ['~ cluster sessions  connect_timeout: 5s -> 2s'],
  ],
  [
    { kind: 'cluster', name: 'carts', change: 'added', after: { prefix: 'cart:', endpoints: [server(), server()] } },
    ['+ cluster carts (prefix cart:, 2 endpoints)'],
  ],
  [{ kind: 'cluster', name: 'bare', change: 'added' }, ['+ cluster bare']],
  [{ kind: 'listener', name: 'x', change: 'removed', fields: [] }, ['- listener x']],
  [
    { kind: 'listener', name: 'l', change: 'added', after: { kind: 'tcp', address: ':1', cluster: 'a', routes: [{}] } },
    ['+ listener l (kind tcp, address :1, cluster a, 1 route)'],
  ],
  [{ kind: 'listener', name: 'x', change: 'changed' }, ['~ listener x']],
  [
    {
      kind: 'cluster',
      name: 'a\n',
      change: 'changed',
      fields: [
        { field: 'prefix', before: 'p' },
        { field: 'endpoints/10.0.0.1:1', before: server({ zone: 'z' }), after: server({ weight: 2 }) },
        { field: 'endpoints/10.0.0.2:1', after: server() },
        { field: 'shards/s/0', before: { name: 's/0' } },
        { field: 'groups', after: ['g', 'h'] },
        { field: 'load_balancing', before: { policy: 'random' }, after: { policy: 'maglev' } },
        { field: 'health_check', after: { interval: '1s' } },
        { field: 'outlier_detection', before: {} },
      ],
    },
    [
      '~ cluster a\\u{a}  prefix: p -> none',
      '~ cluster a\\u{a}  endpoint 10.0.0.1:1: zone z -> none, weight none -> 2',
      '~ cluster a\\u{a}  endpoint 10.0.0.2:1: added',
      '~ cluster a\\u{a}  shard s/0: removed',
      '~ cluster a\\u{a}  groups: none -> ["g","h"]',
      '~ cluster a\\u{a}  load_balancing: policy random -> maglev',
      '~ cluster a\\u{a}  health_check: none -> {"interval":"1s"}',
      '~ cluster a\\u{a}  outlier_detection: {} -> none',
    ],
  ],
];

describe('a difference in words', () => {
  for (const [change, lines] of changes) {
    test(lines.join('; '), async (t) => {
      const api = await serveCanned(t, { 'GET /diff': { body: { changes: [change] } } });
      const { status, stdout } = await runInProcess(['diff', '--api', api.address]);
      assert.equal(stdout, lines.map((line) => `${line}\n`).join(''));
      assert.equal(status, 1);
    });
  }

  test('has colours on a terminal', async (t) => {
    const [[changed], , , [removed]] = changes as never as [[ChangeMessage], unknown, unknown, [ChangeMessage]];
    const api = await serveCanned(t, { 'GET /diff': { body: { changes: [changed, removed] } } });
    const { stdout } = await runInProcess(['diff', '--api', api.address], { isTerminal: true });
    const [yellow, red] = ['\u001b[33m', '\u001b[31m'];
    assert.equal(
      stdout,
      `${yellow}~ cluster sessions  connect_timeout: 5s -> 2s\u001b[39m\n${red}- listener x\u001b[39m\n`,
    );
  });
});

describe('diff ends with', () => {
  const cases: readonly (readonly [words: string, call: string, answer: Canned, status: number])[] = [
    ['', 'GET /diff', { body: { changes: [] } }, 0],
    ['5', 'GET /diff?from=5', { body: { changes: [] } }, 0],
    ['5 7', 'GET /diff?from=5&to=7', { body: { changes: [changes[2]?.[0]] } }, 1],
    ['5', 'GET /diff?from=5', problem(404, 'revision 5: not kept'), 2],
    ['x', '', {}, 2],
    ['5 6 7', '', {}, 2],
  ];
  for (const [words, call, answer, status] of cases) {
    test(`${status}: diff ${words}`, async (t) => {
      const api = await serveCanned(t, call === '' ? {} : { [call]: answer });
      const finished = await runInProcess(['diff', ...words.split(' ').filter(Boolean), '--api', api.address]);
      assert.equal(finished.status, status);
      assert.deepEqual(api.calls, call === '' ? [] : [call]);
    });
  }

  test('2: nobody is there', async () => {
    const { status, stderr } = await runInProcess(['diff', '--api', '127.0.0.1:1']);
    assert.equal(status, 2);
    assert.match(stderr, /^controlplane: can't reach the control plane at 127\.0\.0\.1:1: /u);
  });
});

const plan = {
  token: 't1',
  revision: 6,
  changes: [changes[0]?.[0]],
  errors: [],
  guards: [{ code: 'last-endpoint', message: 'cluster "a" would have no server' }],
  warnings: [{ code: 'no-catch-all', message: 'none is the catch-all' }],
  resources: [
    { group: '', kind: 'cluster', added: [], changed: ['sessions'], removed: [] },
    { group: 'edge', kind: 'endpoint', added: ['a', 'b'], changed: [], removed: ['c'] },
  ],
};

test('a plan: changes, resources by node group, findings, and the token', async (t) => {
  const api = await serveCanned(t, { 'POST /plan': { body: plan } });
  const { status, stdout } = await runInProcess(['plan', '--api', api.address]);
  assert.equal(
    stdout,
    [
      '~ cluster sessions  connect_timeout: 5s -> 2s',
      '',
      'NODE GROUP  RESOURCE  NEW  CHANGED  GONE',
      'all others  cluster   +0   ~1       -0',
      'edge        endpoint  +2   ~0       -1',
      '',
      'refused without --force: cluster "a" would have no server',
      '',
      'warning: none is the catch-all',
      '',
      'revision 6 stands; to publish this and nothing else: commit --plan t1',
      '',
    ].join('\n'),
  );
  assert.equal(status, 0);
});

test('a plan that would be refused ends with 1, one of nothing says so', async (t) => {
  const errors = [{ code: 'reserved-name', message: 'cluster "xds": is the way to here' }];
  const answers = [{ body: { ...plan, errors } }, { body: { ...plan, changes: [] } }];
  const api = await serveCanned(t, { 'POST /plan': answers });
  const refused = await runInProcess(['plan', '--api', api.address]);
  assert.match(refused.stdout, /^error: cluster "xds": is the way to here$/mu);
  assert.equal(refused.status, 1);
  assert.equal((await runInProcess(['plan', '--api', api.address])).stdout, 'nothing to commit\n');
});

const published = { warnings: [], draining: [], old_routes: [] };

describe('commit', () => {
  const cases: readonly (readonly [words: readonly string[], call: string, body: object | undefined])[] = [
    [[], 'POST /commit', undefined],
    [['-m', '-wait for it'], 'POST /commit', { message: '-wait for it' }],
    [
      ['--message=x', '-force', '-if-revision', '6'],
      'POST /commit',
      { message: 'x', force: true, expected_revision: 6 },
    ],
    [['--plan', 't1'], 'POST /commit', { plan: 't1' }],
  ];
  for (const [words, call, body] of cases) {
    test(`${words.join(' ')} asks ${JSON.stringify(body)}`, async (t) => {
      const api = await serveCanned(t, { [call]: { body: { changed: true, revision: 7, ...published } } });
      const { status, stdout } = await runInProcess(['commit', ...words, '--author', 'Zoë', '--api', api.address]);
      assert.deepEqual([status, stdout, api.calls], [0, 'committed revision 7\n', [call]]);
      assert.deepEqual(api.asked[0]?.body, body);
      assert.equal(Buffer.from(`${api.asked[0]?.headers['x-author']}`, 'latin1').toString(), 'Zoë');
    });
  }

  test('that is refused says by what, and ends with 1', async (t) => {
    const findings = [{ code: 'last-endpoint', message: 'cluster "a" would have no server' }];
    const api = await serveCanned(t, { 'POST /commit': problem(409, 'not committed: give force', { findings }) });
    const { status, stderr } = await runInProcess(['commit', '--api', api.address]);
    assert.equal(stderr, 'controlplane: not committed: give force\n  cluster "a" would have no server\n');
    assert.equal(status, 1);
  });

  test('what refuses it is told once', async (t) => {
    const findings = [{ code: 'last-endpoint', message: 'takes the last endpoint' }];
    const api = await serveCanned(t, { 'POST /commit': problem(409, 'takes the last endpoint: force it', { findings }) });
    const { stderr } = await runInProcess(['commit', '--api', api.address]);
    assert.equal(stderr, 'controlplane: takes the last endpoint: force it\n');
  });
});

describe('host-names', () => {
  const cases: readonly (readonly [names: readonly object[], stdout: string])[] = [
    [[], 'no host name is looked up here\n'],
    [
      [
        { name: 'a.test', addresses: ['10.0.0.1', '10.0.0.2'], clusters: ['c', 'd'], found_at: '2026-01-01T00:00:00.000Z' },
        { name: 'b.test', addresses: [], clusters: ['c'], failure: 'no answer', failing_since: '2026-01-01T00:00:00.000Z' },
        { name: 'c.test', addresses: ['::1'], clusters: ['c'] },
      ],
      `\
NAME    ADDRESSES          STATE                                     CLUSTERS
a.test  10.0.0.1 10.0.0.2  found                                     c d
b.test  none               no answer since 2026-01-01T00:00:00.000Z  c
c.test  ::1                not asked yet                             c
`,
    ],
  ];
  for (const [host_names, stdout] of cases) {
    test(`${host_names.length} of them`, async (t) => {
      const api = await serveCanned(t, { 'GET /host-names': { body: { host_names } } });
      assert.equal((await runInProcess(['host-names', '--api', api.address])).stdout, stdout);
    });
  }
});

describe('health', () => {
  const since = '2026-01-01T00:00:00.000Z';
  const up = { address: '10.0.0.1:6379', state: 'up', role: 'primary', since, product: 'redis', version: '7.0.15' };
  const down = { address: '10.0.0.2:6379', state: 'down', role: 'replica', since, reason: 'timeout: no answer in 500 ms', lag: 9 };
  const unknown = { address: 'a.test:6379', state: 'unknown', since };

  const cases: readonly (readonly [servers: readonly object[], exitCode: number, stdout: string])[] = [
    [[], 0, 'no server is watched\n'],
    [[up], 0, `\
STATE  CLUSTER  ADDRESS        ROLE     LAG  SERVER        SINCE                     WHY
up     c        10.0.0.1:6379  primary       redis 7.0.15  ${since}
`],
    [[up, down, unknown], 3, `\
STATE    CLUSTER  ADDRESS        ROLE     LAG      SERVER        SINCE                     WHY
up       c        10.0.0.1:6379  primary           redis 7.0.15  ${since}
down     c        10.0.0.2:6379  replica  9 bytes  ?             ${since}  published all the same; timeout: no answer in 500 ms
unknown  c        a.test:6379    ?                 ?             ${since}
`],
  ];
  for (const [servers, exitCode, stdout] of cases) {
    test(`${servers.length} servers`, async (t) => {
      const clusters = servers.length === 0 ? [] : [{ name: 'c', servers }];
      const api = await serveCanned(t, { 'GET /health?cluster=c': { body: { clusters } } });
      const result = await runInProcess(['health', 'c', '--api', api.address]);
      assert.deepEqual([result.stdout, result.status], [stdout, exitCode]);
    });
  }

  describe('of a Redis Cluster', () => {
    const slots = (...ranges: readonly string[]) => ({ count: ranges.length * 100, ranges });
    const primary = { id: 'a0', address: '10.0.0.1:7000', role: 'primary', state: 'online', slots: slots('0-99') };
    const replica = { id: 'a1', address: '10.0.0.2:7000', role: 'replica', state: 'online', slots: slots(), replica_of: 'a0' };
    const lost = {
      id: 'b0',
      role: 'primary',
      state: 'fail',
      slots: slots('200-299', '400-499', '600-699', '800-899', '1000-1099'),
      reason: 'refused',
    };
    const whole = {
      state: 'ok',
      epoch: 1,
      nodes: [primary, replica],
      uncovered_slots: slots(),
      differing: [],
      foreign: [],
      seeds: [{ address: '10.0.0.1:7000' }],
    };
    const broken = {
      ...whole,
      state: 'fail',
      nodes: [primary, replica, lost],
      uncovered_slots: lost.slots,
      differing: ['10.0.0.2:7000'],
      foreign: ['10.0.0.9:7000'],
      seeds: [{ address: '10.0.0.1:7000' }, { address: '10.0.0.3:7000', reason: 'refused' }],
      seeds_replaced: { since, why: '10.0.0.4:7000: no node of it that answers' },
    };
    const unknown = { ...whole, state: 'unknown', nodes: [], uncovered_slots: undefined };

    const ofRedisClusters: readonly (readonly [what: string, redis_cluster: object, exitCode: number, stdout: string])[] = [
      ['a whole one', whole, 0, `\
NODE    CLUSTER  ADDRESS        ROLE     SLOTS      REPLICA OF     ID  WHY
online  c        10.0.0.1:7000  primary  100: 0-99                 a0
online  c        10.0.0.2:7000  replica             10.0.0.1:7000  a1

c: state ok; 2 nodes, 0 given up; every slot has a server
c: seeds 10.0.0.1:7000
`],
      ['one that is not whole', broken, 3, `\
NODE    CLUSTER  ADDRESS        ROLE     SLOTS                                    REPLICA OF     ID  WHY
online  c        10.0.0.1:7000  primary  100: 0-99                                               a0
online  c        10.0.0.2:7000  replica                                           10.0.0.1:7000  a1
fail    c        ?              primary  500: 200-299 400-499 600-699 and 2 more                 b0  refused

c: state fail; 3 nodes, 1 given up; nobody has 500: 200-299 400-499 600-699 and 2 more
c: seeds 10.0.0.1:7000, 10.0.0.3:7000
c: seed 10.0.0.3:7000 is of no use now: refused
c: not the seeds that are declared, since ${since}: 10.0.0.4:7000: no node of it that answers
c: something else is said at 10.0.0.2:7000
c: a node of another cluster answers at 10.0.0.9:7000
`],
      ['one of which nothing is known', unknown, 3, `\
c: state unknown; no node answers
c: seeds 10.0.0.1:7000
`],
    ];
    for (const [what, redis_cluster, exitCode, stdout] of ofRedisClusters) {
      test(what, async (t) => {
        const clusters = [{ name: 'c', servers: [up], redis_cluster }];
        const api = await serveCanned(t, { 'GET /health': { body: { clusters } } });
        const result = await runInProcess(['health', '--api', api.address]);
        const [, servers] = cases[1]?.[2].split('\n') ?? [];
        assert.ok(result.stdout.includes(`${servers}\n\n${stdout}`), result.stdout);
        assert.ok(result.stdout.endsWith(stdout));
        assert.equal(result.status, exitCode);
      });
    }
  });
});

describe('discard', () => {
  const cases: readonly (readonly [
    words: readonly string[],
    body: object,
    discarded: readonly object[],
    stdout: string,
  ])[] = [
    [[], {}, [], 'nothing was staged\n'],
    [['listener', 'l'], { kind: 'listener', name: 'l' }, [{ kind: 'listener', name: 'l' }], 'discarded: listener l\n'],
  ];
  for (const [words, body, discarded, stdout] of cases) {
    test(words.join(' '), async (t) => {
      const api = await serveCanned(t, { 'POST /discard': { body: { discarded } } });
      assert.equal((await runInProcess(['discard', ...words, '--api', api.address])).stdout, stdout);
      assert.deepEqual(api.asked[0]?.body, body);
    });
  }

  for (const [words, line] of [
    [['cluster'], 'NAME is missing, see --help'],
    [['endpoint', 'a'], 'KIND "endpoint": must be one of cluster, listener, secret'],
  ] as const) {
    test(`${words.join(' ')} is refused, and nothing is asked`, async () => {
      const finished = await runInProcess(['discard', ...words, '--api', '127.0.0.1:1']);
      assert.deepEqual(finished, { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
    });
  }
});

const at = '2031-01-02T03:04:05.678Z';
const none = { added: 0, changed: 0, removed: 0 };
const revisions = [
  {
    revision: 7,
    at,
    author: 'ann',
    message: 'carts were lost',
    rollback_to: 5,
    summary: { cluster: { ...none, added: 1, changed: 2 }, listener: none },
  },
  { revision: 6, at, author: 'bob\u0007', message: '', summary: { cluster: none, listener: { ...none, removed: 1 } } },
];

describe('history', () => {
  test('is a table, read as far as it is wanted', async (t) => {
    const api = await serveCanned(t, {
      'GET /revisions?limit=20': { body: { revisions } },
      'GET /revisions?before=6&limit=18': { body: { revisions: [] } },
      'GET /revisions?limit=2': { body: { revisions } },
    });
    const { stdout } = await runInProcess(['history', '--api', api.address]);
    assert.equal(
      stdout,
      [
        'REVISION  AT                        AUTHOR    CHANGES                    MESSAGE',
        `7         ${at}  ann       back to 5, clusters +1 ~2  carts were lost`,
        `6         ${at}  bob\\u{7}  listeners -1`,
        '',
      ].join('\n'),
    );
    const json = await runInProcess(['history', '--limit', '2', '-o', 'json', '--api', api.address]);
    assert.deepEqual(JSON.parse(json.stdout), { revisions });
  });

  test('of nothing says so', async (t) => {
    const api = await serveCanned(t, { 'GET /revisions?limit=20': { body: { revisions: [] } } });
    assert.equal((await runInProcess(['history', '--api', api.address])).stdout, 'nothing was committed yet\n');
  });
});

describe('show', () => {
  const content = { clusters: [], listeners: [] };
  const words = 'author    ann\nmessage   carts were lost\nchanges   back to 5, clusters +1 ~2\n\n';
  const head = `revision  7\nat        ${at}\n${words}`;

  test('a revision, and what it changed', async (t) => {
    const api = await serveCanned(t, {
      'GET /revisions/7': { body: { ...revisions[0], content } },
      'GET /revisions/6/diff/7': { body: { changes: [changes[2]?.[0]] } },
    });
    assert.equal((await runInProcess(['show', '7', '--api', api.address])).stdout, `${head}+ cluster bare\n`);
    const json = await runInProcess(['show', '7', '-o', 'json', '--api', api.address]);
    assert.deepEqual(JSON.parse(json.stdout), { ...revisions[0], content });
    assert.equal(api.calls.length, 3);
  });

  test('also when the one before is not kept; one that is not there ends with 1', async (t) => {
    const api = await serveCanned(t, { 'GET /revisions/7': { body: { ...revisions[0], content } } });
    const { stdout } = await runInProcess(['show', '7', '--api', api.address]);
    assert.equal(stdout, `${head}the revision before it is not kept: what changed is not known\n`);
    assert.equal((await runInProcess(['show', '9', '--api', api.address])).status, 1);
  });
});

describe('rollback', () => {
  const still = [{ kind: 'cluster', name: 'a' }];
  const answer = { changed: true, revision: 8, rollback_to: 5, still_staged: still, ...published };

  test('to a revision', async (t) => {
    const api = await serveCanned(t, { 'POST /rollback': { body: answer } });
    const words = ['rollback', '5', '-m', 'back', '--force', '--if-revision', '7', '--api', api.address];
    const { stdout } = await runInProcess(words);
    assert.equal(stdout, 'rolled back to revision 5, as revision 8\nstill staged: cluster a\n');
    assert.deepEqual(api.asked[0]?.body, { revision: 5, message: 'back', force: true, expected_revision: 7 });
  });

  test('by default to the one that the control plane has before the newest', async (t) => {
    const warnings = [{ code: 'no-catch-all', message: 'none is the catch-all' }];
    const body = { ...answer, changed: false, revision: 7, rollback_to: 6, still_staged: [], warnings };
    const api = await serveCanned(t, { 'POST /rollback': { body } });
    const { status, stdout } = await runInProcess(['rollback', '--api', api.address]);
    const lines = ['nothing to roll back: revision 7 is as 6 was', 'warning: none is the catch-all', ''];
    assert.deepEqual([status, stdout], [0, lines.join('\n')]);
    assert.equal(api.asked[0]?.body, undefined);
  });

  test('that is refused ends with 1', async (t) => {
    const api = await serveCanned(t, { 'POST /rollback': problem(409, 'somebody has committed since') });
    const { status, stderr } = await runInProcess(['rollback', '--if-revision', '7', '--api', api.address]);
    assert.deepEqual([status, stderr], [1, 'controlplane: somebody has committed since\n']);
  });
});
