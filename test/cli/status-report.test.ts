import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ClientMessage, ClientsMessage, NackMessage, TypeMessage } from '../../src/api/v2/messages.ts';
import { renderStatus } from '../../src/cli/status-report.ts';

const summary = { state: 'ok', message: 'all is\twell' } as const;
const nothingPublished = { summary, warnings: [], draining: [], old_routes: [], orders: [] };

const [first, second] = ['0123456789abcdef', 'fedcba9876543210'];

const nack: NackMessage = {
  at: '2031-01-02T03:04:06.789Z',
  version: second,
  message: 'no such port',
  names: ['a'],
  in_force: false,
};

function buildType(type: TypeMessage['type'], changes: Partial<TypeMessage> = {}): TypeMessage {
  return {
    type,
    type_url: `type.googleapis.com/${type}`,
    state: 'synced',
    reason: null,
    version_sent: first,
    version_acked: first,
    runs_earlier: false,
    unacked_since: null,
    unwritten_since: null,
    last_nack: null,
    api_version: 'v3',
    mode: 'sotw',
    aggregated: true,
    names: { wildcard: true, count: 0, names: [] },
    bytes_sent: 1,
    ...changes,
  };
}

function buildClient(id: string, types: readonly TypeMessage[], changes: Partial<ClientMessage> = {}): ClientMessage {
  return {
    peer: '10.0.0.1:1',
    node: { id, cluster: 'c', user_agent: 'envoy', user_agent_version: '1.40.0' },
    api_version: 'v3',
    mode: 'sotw',
    aggregated: true,
    streams: 1,
    connected_since: '2031-01-02T03:04:05.678Z',
    state: types.find(({ state }) => state !== 'synced')?.state ?? 'synced',
    reason: null,
    types,
    unknown_types: [],
    unasked: null,
    ...changes,
  };
}

/** Nobody, and nobody is missing, unless `changes` say otherwise. */
function buildAnswer(changes: Partial<ClientsMessage>): ClientsMessage {
  const nobodyMissing = { in_sync: true, gone: [], returning: null, expected: null };
  return { ...nothingPublished, ...nobodyMissing, clients: [], ...changes };
}

/** What stands below the first line, which is of the whole. */
function renderBelow(changes: Partial<ClientsMessage>): string[] {
  const [first, blank, ...lines] = renderStatus(buildAnswer(changes)).split('\n');
  assert.deepEqual([first, blank], ['ok: all is\\u{9}well', '']);
  return lines;
}

function render(...clients: readonly ClientMessage[]): string[] {
  return renderBelow({ clients });
}

describe('a version is shown as', () => {
  const versions: readonly (readonly [shown: string, type: Partial<TypeMessage>])[] = [
    ['01234567', {}],
    ['01234567->fedcba98', { version_sent: second }],
    ['none->01234567', { version_acked: null }],
    ['none', { version_sent: null, version_acked: null, bytes_sent: 0 }],
    ['several', { version_sent: null, version_acked: null }],
    ['01234567->several', { version_sent: null }],
    ['01234567->none', { version_sent: null, bytes_sent: 0 }],
    ['old->01234567', { version_acked: null, runs_earlier: true }],
    ['old', { version_sent: null, version_acked: null, runs_earlier: true, bytes_sent: 0 }],
  ];
  for (const [shown, type] of versions) {
    test(shown, () => {
      const [, row] = render(buildClient('e', [buildType('endpoint', type)]));
      assert.equal(row?.split(/ {2,}/u).at(5), shown);
    });
  }
});

test('every client has a row, each type its column', () => {
  const lines = render(
    buildClient('a', [buildType('route'), buildType('cluster')], {
      peer: '[::1]:2',
      api_version: 'v2',
      aggregated: false,
    }),
    buildClient('b', [buildType('cluster')], { mode: 'delta' }),
    buildClient('c', [buildType('cluster')], { api_version: null, mode: null, aggregated: null }),
  );
  assert.deepEqual(lines, [
    'NODE  PEER        API                            STATE    CLUSTER   ENDPOINT  LISTENER  ROUTE',
    'a     [::1]:2     v2 per-type sotw               in sync  01234567  -         -         01234567',
    'b     10.0.0.1:1  v3 ads delta                   in sync  01234567  -         -         -',
    'c     10.0.0.1:1  v2+v3 ads+per-type sotw+delta  in sync  01234567  -         -         -',
    '',
    'The same content may have other versions in v2 than in v3, and on per-type streams: compare rows of one API.',
    '',
    '3 clients: 3 in sync',
    '',
  ]);
});

describe('who is in sync with another version is no riddle', () => {
  const note =
    'Envoys in sync may have other versions of a type: what drains is held only by who had it, and only who takes ' +
    'listeners from here is given the stand-in endpoint of a cluster without servers.';
  const old = { version_sent: second, version_acked: second };
  type Case = readonly [what: string, type: TypeMessage, client: Partial<ClientMessage>, isTold: boolean];
  const cases: readonly Case[] = [
    ['of one type: told', buildType('cluster', old), {}, true],
    ['of another type: nothing to tell', buildType('endpoint', old), {}, false],
    ['of another API: told by the other note', buildType('cluster', old), { api_version: 'v2' }, false],
    ['not in sync: told by its own line', buildType('cluster', { ...old, state: 'stale', reason: '' }), {}, false],
    ['that it does not say: nothing to tell', buildType('cluster', { version_acked: null }), {}, false],
  ];
  for (const [what, type, changes, isTold] of cases) {
    test(what, () => {
      const lines = render(buildClient('a', [buildType('cluster')]), buildClient('b', [type], changes));
      assert.equal(lines.includes(note), isTold);
    });
  }
});

test('what is wrong stands below, one line per type, whatever is in it', () => {
  const lines = render(
    buildClient('a\n', [
      buildType('cluster', { state: 'error', reason: 'bad\r\nport', last_nack: { ...nack, message: 'bad\r\nport' } }),
      buildType('endpoint', { state: 'stale', reason: 'sent, not answered since then' }),
      buildType('listener'),
    ]),
    buildClient('b', [buildType('cluster', { state: 'not-sent', reason: 'not sent: nothing was committed yet' })]),
  );
  assert.deepEqual(lines.slice(3), [
    '',
    'a\\u{a} 10.0.0.1:1: cluster rejected at 2031-01-02T03:04:06.789Z: bad\\u{d}\\u{a}port',
    'a\\u{a} 10.0.0.1:1: endpoint stale: sent, not answered since then',
    'b 10.0.0.1:1: cluster waiting: not sent: nothing was committed yet',
    '',
    '2 clients: 0 in sync, 1 rejected, 1 waiting',
    '',
  ]);
});

test('what waits after a rejection tells of it too, unless something was sent or accepted since', () => {
  const [state, reason] = ['stale', 'not sent: about to be sent'] as const;
  const lines = render(
    buildClient('a', [buildType('listener', { state, reason, version_sent: second, last_nack: nack })]),
    buildClient('b', [buildType('listener', { state, reason, last_nack: nack })]),
    buildClient('c', [
      buildType('listener', { state, reason, version_sent: second, version_acked: second, last_nack: nack }),
    ]),
  );
  assert.deepEqual(lines.slice(5, 8), [
    `a 10.0.0.1:1: listener stale: ${reason}; the last one was rejected at ${nack.at}: no such port`,
    `b 10.0.0.1:1: listener stale: ${reason}`,
    `c 10.0.0.1:1: listener stale: ${reason}`,
  ]);
});

test('a rejection that came with the acceptance of what runs now is told, and one before it is not', () => {
  const lines = render(
    buildClient('a', [buildType('listener', { last_nack: { ...nack, version: first, in_force: true } })]),
    buildClient('b', [buildType('listener', { last_nack: { ...nack, in_force: true } })]),
    buildClient('c', [buildType('listener', { last_nack: nack })]),
  );
  assert.deepEqual(lines.slice(4), [
    '',
    'a 10.0.0.1:1: listener accepted, an earlier push failed at 2031-01-02T03:04:06.789Z: no such port',
    '',
    '3 clients: 3 in sync',
    '',
  ]);
});

test('what a client asked for in vain is told, whether it runs something or not', () => {
  const [reason, unknown] = ['asked for nothing that is published, but for t.T', ['t.T']];
  const lines = render(
    buildClient('a', [], { state: 'not-sent', reason, unknown_types: unknown }),
    buildClient('b', [buildType('cluster')], { unknown_types: unknown }),
  );
  assert.deepEqual(lines.slice(3), [
    '',
    `a 10.0.0.1:1: waiting: ${reason}`,
    'b 10.0.0.1:1: not answered, for it is not published: t.T',
    '',
    '2 clients: 1 in sync, 1 waiting',
    '',
  ]);
});

describe('who is missing is told', () => {
  const gone = [
    { node_id: 'e\n7', gone_since: '2031-01-02T05:04:05.678Z', connected_since: '2031-01-02T03:04:05.678Z' },
  ];
  const returning = { started: '2031-01-02T03:04:05.678Z', started_ms_ago: 2_900 };
  const clients = [buildClient('a', [buildType('cluster')])];
  const expected = { at_least: 3, expect: ['a', 'b', 'c'], in_sync: 1, missing: ['b', 'c\t'], is_met: false };
  const goneLine = 'gone since 2031-01-02T05:04:05.678Z (was there 2 h): e\\u{a}7';
  const cases: readonly (readonly [what: string, answer: Partial<ClientsMessage>, end: readonly string[]])[] = [
    ['when nobody is left', { gone }, [goneLine, '', 'no clients, 1 gone']],
    ['when others are there', { gone, clients }, ['', goneLine, '', '1 client: 1 in sync, 1 gone']],
    ['after a start', { returning }, ['no clients yet, started 2 s ago']],
    [
      'after a start with some',
      { returning, clients },
      ['', 'started 2 s ago: others may be yet to come back', '1 client: 1 in sync'],
    ],
    [
      'by those that are expected',
      { expected, clients },
      ['', 'expected at least 3 in sync: there are 1', 'expected in sync, and not: b, c\\u{9}', '1 client: 1 in sync'],
    ],
    ['but not when all is as expected', { expected: { ...expected, at_least: 1, missing: [] } }, ['no clients']],
  ];
  for (const [what, answer, end] of cases) {
    test(what, () => {
      const lines = renderBelow(answer).join('\n').trimEnd().split('\n');
      assert.deepEqual(lines.slice(-end.length), end);
    });
  }

  test('in a hundred lines at most', () => {
    const many = Array.from({ length: 250 }, (_, index) => ({ ...gone[0], node_id: `e-${index}` })) as typeof gone;
    const lines = renderBelow({ gone: many });
    assert.equal(lines[0], '150 more have gone before:');
    assert.match(String(lines[1]), /: e-150$/u);
    assert.deepEqual(lines.slice(101), ['', 'no clients, 250 gone', '']);
  });
});

test('draining clusters stand alone when nobody is connected', () => {
  const draining = [{ name: 'o\u001b', until: '2031-01-02T03:04:05.678Z', successor: null }];
  assert.equal(
    renderBelow({ draining }).join('\n'),
    'draining: o\\u{1b} until 2031-01-02T03:04:05.678Z\n\nno clients\n',
  );
});
