// Envoys that are too old for what is declared: named before they are given it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findLacking } from '../../src/commit/capabilities.ts';
import type { Agents } from '../../src/commit/capabilities.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { findAgents } from '../../src/xds/agents.ts';

const endpoint = { address: '10.0.0.1', port: 6379 };
const password = { secret: 's' };

function clusterEdits(...bodies: readonly object[]): Edits {
  const clusters = bodies.map((body) => parseCluster(body));
  return { ...noEdits, clusters: clusters.map((after) => ({ name: after.name, after })) };
}

function listenerEdits(body: object): Edits {
  const after = parseListener(body);
  return { ...noEdits, listeners: [{ name: after.name, after }] };
}

function agents(version: string, ids: readonly string[], group = ''): Agents {
  return { group, version, ids };
}

const replicated = { name: 'r', kind: 'replicated', primary: '10.0.0.1:6379', endpoints: [endpoint] };

describe('a field that is younger than an Envoy', () => {
  // What needs it, a release without it, the one next to it that has it, and what is said.
  const cases: readonly (readonly [what: string, edits: Edits, lacks: string, has: string, isDangerous: boolean])[] = [
    [
      'an endpoint with a password of its own',
      clusterEdits({ name: 'a', endpoints: [{ ...endpoint, upstream_auth: { password } }] }),
      '1.36.9',
      '1.37.0',
      true,
    ],
    [
      'a shard with a password of its own',
      clusterEdits({ name: 'a', kind: 'sharded', shards: [{ name: 's', endpoint: { ...endpoint, upstream_auth: { password } } }] }),
      '1.36.2',
      '1.37.0',
      true,
    ],
    ['passwords of a listener', listenerEdits({ name: 'l', auth: { passwords: [password] } }), '1.22.11', '1.23.0', true],
    [
      'a key formatter of a route',
      listenerEdits({ name: 'l', routes: [{ prefix: 'a:', cluster: 'r', key_formatter: 'x:%KEY%' }] }),
      '1.26.8',
      '1.27.0',
      true,
    ],
    [
      'a key formatter of the catch-all',
      listenerEdits({ name: 'l', catch_all: { cluster: 'r', key_formatter: 'x:%KEY%' } }),
      '1.26.8',
      '1.27.0',
      true,
    ],
    ['a limit of new connections', listenerEdits({ name: 'l', connection_rate_limit: 5 }), '1.26.8', '1.27.0', false],
    ['a custom command', listenerEdits({ name: 'l', custom_commands: ['json.get'] }), '1.33.14', '1.34.0', false],
    ['a custom command that newer ones know', listenerEdits({ name: 'l', custom_commands: ['spublish'] }), '1.41.0', '1.40.0', true],
    ['RESP3', listenerEdits({ name: 'l', protocol: 'RESP3' }), '1.39.1', '1.40.0', false],
    ['reads of a cluster', clusterEdits({ ...replicated, reads: 'any' }), '1.27.7', '1.28.0', false],
    [
      'reads of a route',
      listenerEdits({ name: 'l', routes: [{ prefix: 'a:', cluster: 'r', reads: 'replica' }] }),
      '1.27.7',
      '1.28.0',
      false,
    ],
  ];
  for (const [what, edits, lacks, has, isDangerous] of cases) {
    test(`${what}: ${isDangerous ? 'refused' : 'warned of'} for ${lacks}, and not for ${has}`, () => {
      const { dangerous, harmless } = findLacking(edits, () => [agents(lacks, ['old']), agents(has, ['new'])]);
      const [found, other] = isDangerous ? [dangerous, harmless] : [harmless, dangerous];
      assert.deepEqual(other, []);
      assert.equal(found.length, 1);
      assert.equal(found[0]?.code, 'old-envoy');
      assert.match(found[0]?.message ?? '', new RegExp(`: "old" \\(${lacks.replaceAll('.', '\\.')}\\)$`));
      assert.deepEqual(findLacking(edits, () => [agents(has, ['new'])]), { dangerous: [], harmless: [] });
    });
  }

  test('is no matter to Envoys that are not given it, and those of other releases are asked for only when it is', () => {
    const own = { ...endpoint, upstream_auth: { password } };
    const edits = clusterEdits({ name: 'a', groups: ['edge'], endpoints: [own] }, { name: 'b', endpoints: [own] });
    const said = findLacking(edits, () => [agents('1.36.2', ['x'], 'core'), agents('1.36.2', ['y'], 'edge')]);
    assert.deepEqual(said.dangerous.map(({ message }) => message), [
      'an upstream_auth of its own for an endpoint of "a", "b" needs Envoy 1.37, and an older one sends these servers no ' +
        'password: "x" (1.36.2), "y" (1.36.2)',
    ]);
    const edgeOnly = clusterEdits({ name: 'a', groups: ['edge'], endpoints: [own] });
    assert.deepEqual(findLacking(edgeOnly, () => [agents('1.36.2', ['x'], 'core')]).dangerous, []);
    const ordinary = clusterEdits({ name: 'c', endpoints: [endpoint] });
    assert.deepEqual(findLacking(ordinary, () => assert.fail('nobody has to be asked')), { dangerous: [], harmless: [] });
  });

  test('nothing is said of a release that can not be read, and few of many are named', () => {
    const edits = clusterEdits({ name: 'a', endpoints: [{ ...endpoint, upstream_auth: { password } }] });
    assert.deepEqual(findLacking(edits, () => [agents('', ['x']), agents('main', ['y']), agents('2.0.0', ['z'])]).dangerous, []);
    const ids = Array.from({ length: 9 }, (_, index) => `e${index}`);
    const [finding] = findLacking(edits, () => [agents('1.9.1', ids)]).dangerous;
    assert.match(finding?.message ?? '', /: "e0" \(1\.9\.1\), [^:]*"e4" \(1\.9\.1\) and 4 more$/);
  });
});

describe('connected Envoys', () => {
  const node = (id: string, userAgentVersion: string, userAgentName = 'envoy') => {
    return { id, cluster: '', userAgentName, userAgentVersion };
  };

  test('are told by release and group, each once however many streams it has', () => {
    const streams = [
      { group: '', node: node('b', '1.40.0') },
      { group: '', node: node('a', '1.40.0') },
      { group: '', node: node('a', '1.40.0') },
      { group: 'edge', node: node('a', '1.40.0') },
      { group: '', node: node('c', '1.36.2') },
    ];
    assert.deepEqual(findAgents(streams), [
      { group: '', version: '1.40.0', ids: ['a', 'b'] },
      { group: 'edge', version: '1.40.0', ids: ['a'] },
      { group: '', version: '1.36.2', ids: ['c'] },
    ]);
  });

  test('are those that say so: of other programs, and before the first request, nothing is known', () => {
    const streams = [
      { group: undefined, node: undefined },
      { group: '', node: node('a', '') },
      { group: '', node: node('b', '1.0.0', 'grpc-go') },
    ];
    assert.deepEqual(findAgents(streams), []);
  });
});
