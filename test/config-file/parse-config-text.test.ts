import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { MalformedTextError } from '../../src/config-file/malformed-text.ts';
import { parseConfigText } from '../../src/config-file/parse-config-text.ts';
import type { ConfigFormat } from '../../src/config-file/parse-config-text.ts';
import type { PlacedFault } from '../../src/config-file/place.ts';
import { FaultsError } from '../../src/model/faults.ts';

const yaml = `# What is served
clusters:
  - name: a
    prefix: "on"
    endpoints: [{ address: 10.0.0.1, port: 6379 }]
  - kind: sharded
    name: b
    shards:
      - { name: s-0, endpoint: &one { address: 10.0.0.2, port: 6379 } }
listeners:
  - name: redis_listener
`;

test('YAML and JSON say the same', () => {
  const config = parseConfigText(yaml, 'yaml');
  assert.deepEqual(config, {
    clusters: [
      { name: 'a', prefix: 'on', endpoints: [{ address: '10.0.0.1', port: 6379 }] },
      { name: 'b', kind: 'sharded', shards: [{ name: 's-0', endpoint: { address: '10.0.0.2', port: 6379 } }] },
    ],
    listeners: [{ name: 'redis_listener' }],
  });
  assert.deepEqual(parseConfigText(JSON.stringify(config), 'json'), config);
  assert.deepEqual(parseConfigText(`\ufeff${JSON.stringify(config)}`, 'json'), config);
});

type Row = readonly [what: string, format: ConfigFormat, text: string, faults: readonly string[]];

/** As `line:column pointer value: rule`. */
function faultsOf(text: string, format: ConfigFormat): { faults: string[]; isMalformed: boolean } {
  try {
    parseConfigText(text, format);
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    const faults: readonly PlacedFault[] = error.faults;
    return {
      faults: faults.map((fault) => {
        const place = fault.line === undefined ? '-' : `${fault.line}:${fault.column}`;
        return `${place} ${fault.pointer} ${JSON.stringify(fault.value) ?? ''}: ${fault.rule}`;
      }),
      isMalformed: error instanceof MalformedTextError,
    };
  }
  return { faults: [], isMalformed: false };
}

describe('faults have a place', () => {
  const rows: readonly Row[] = [
    ['a value', 'yaml', 'clusters:\n  - name: a\n    endpoints:\n      - address: 10.0.0.1\n        port: 0\n', [
      '5:15 /clusters/0/endpoints/0/port 0: must be at least 1',
    ]],
    ['several', 'yaml', 'clusters:\n  - name: ""\n    colour: [red]\n', [
      '2:11 /clusters/0/name "": must not be empty',
      '3:5 /clusters/0/colour ["red"]: no such field',
    ]],
    ['what is missing, by what it misses from', 'yaml', 'listeners:\n  - name: a\n    kind: tcp\n    address: 0.0.0.0:1\n', [
      '2:5 /listeners/0/cluster : is required',
    ]],
    ['what is an alias', 'yaml', 'clusters:\n  - &a { name: a, endpoints: [{ address: x_y, port: 1 }] }\n', [
      '2:42 /clusters/0/endpoints/0/address "x_y": must be an IPv4 or IPv6 address, or a host name',
    ]],
    ['twins', 'yaml', 'clusters: [{ name: a }, { name: a }]', [
      '1:33 /clusters/1/name "a": must be there once, "a" is at /clusters/0 too',
    ]],
    ['an empty file', 'yaml', '', ['1:1  null: must be an object']],
    ['JSON', 'json', '{\n  "clusters": [\n\t{ "name": "a", "endpoints": [{ "address": "10.0.0.1" }] }\n  ]\n}', [
      '3:31 /clusters/0/endpoints/0/port : is required',
    ]],
    ['JSON that is no YAML', 'json', '{ "a": 1, "a": 2 }', ['- /a 2: no such field']],
    ['a key that is JavaScript\'s', 'json', '{ "clusters": [{ "__proto__": { "name": "a" } }] }', [
      '1:18 /clusters/0/__proto__ : no such field',
    ]],
    ['a merge key', 'yaml', 'clusters:\n  - <<: { name: a }\n    name: a\n', ['2:5 /clusters/0/<< {"name":"a"}: no such field']],
  ];
  for (const [what, format, text, faults] of rows) {
    test(`${format}: ${what}`, () => assert.deepEqual(faultsOf(text, format), { faults, isMalformed: false }));
  }
});

describe('what can not be read', () => {
  const rows: readonly Row[] = [
    ['an open list', 'json', '{\n "clusters": [', ['2:15  : must be JSON: it ends too early']],
    ['a comma too many', 'json', '[1,]', ['1:4  "]": must be JSON: this can not be here']],
    ['nothing', 'json', '', ['1:1  : must be JSON: it ends too early']],
    ['a key twice', 'yaml', 'clusters: []\nclusters: []\n', ['2:1  : must be YAML: Map keys must be unique']],
    ['two documents', 'yaml', '--- {}\n--- {}\n', [
      '2:1  : must be YAML: Source contains multiple documents; please use YAML.parseAllDocuments()',
    ]],
    ['a tag', 'yaml', 'clusters: !python/object []\n', ['1:11  : must be YAML: Unresolved tag']],
    ['an alias to nowhere', 'yaml', 'clusters: *a\n', [
      '1:11  : must be YAML: Unresolved alias (the anchor must be set before the alias)',
    ]],
  ];
  for (const [what, format, text, faults] of rows) {
    test(`${format}: ${what}`, () => assert.deepEqual(faultsOf(text, format), { faults, isMalformed: true }));
  }

  for (const value of [
    '*hunter2',
    '!hunter2',
    '!hunter2!',
    '!<hunter2',
    '|hunter2',
    '>hunter2',
    '@hunter2',
    '%hunter2',
    '`hunter2',
    '&hunter2 &hunter2',
    '"hunter2',
    '"hunter2\\q"',
    '"a" hunter2',
    '[hunter2',
    '{hunter2: [}',
    'a: hunter2: b',
    'a\n hunter2: b',
    '? hunter2',
  ]) {
    test(`a password that is no YAML is not told: ${value}`, () => {
      const { faults } = faultsOf(`secrets:\n- name: a\n  kind: password\n  value: ${value}\n`, 'yaml');
      assert.ok(faults.length > 0);
      for (const fault of faults) assert.ok(!fault.includes('hunter2') && /^\d+:\d+/u.test(fault), fault);
    });
  }

  const bomb = `${'abcdefgh'.split('').map((name, index, names) => {
    const value = index === 0 ? '[x, x, x, x, x, x, x, x, x, x]' : `[${`*${names[index - 1]},`.repeat(10)}]`;
    return `${name}: &${name} ${value}`;
  }).join('\n')}\n`;
  const large: readonly (readonly [what: string, format: ConfigFormat, text: string])[] = [
    ['aliases of aliases', 'yaml', bomb],
    ['deep YAML', 'yaml', '['.repeat(100_000)],
    ['deep YAML that ends', 'yaml', `${'['.repeat(3_000)}${']'.repeat(3_000)}`],
    ['deep JSON', 'json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['deep JSON that does not end', 'json', '['.repeat(1_000_000)],
  ];
  for (const [what, format, text] of large) {
    test(what, () => assert.ok(faultsOf(text, format).faults.length > 0));
  }
});
