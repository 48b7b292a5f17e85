import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change } from '../../src/inventory/change.ts';
import { hostsOf } from '../../src/inventory/cluster.ts';
import { compareEndpoints } from '../../src/inventory/cluster.ts';
import type { Cluster, Endpoint } from '../../src/inventory/cluster.ts';
import { InventoryError } from '../../src/inventory/errors.ts';
import type { InventoryErrorCode } from '../../src/inventory/errors.ts';
import { Inventory } from '../../src/inventory/inventory.ts';
import { parseCluster } from '../../src/model/parse.ts';

type Refusal = readonly [why: string, change: Change, code: InventoryErrorCode, message: string];

const missing = ['missing-parameter', 'required parameter missing'] as const;
const clusterExists = ['cluster-exists', 'cluster already exists'] as const;
const prefixExists = ['prefix-exists', 'prefix already exists'] as const;
const clusterNotFound = ['cluster-not-found', 'cluster not found'] as const;
const hasEndpoints = ['cluster-has-endpoints', 'cluster has endpoints'] as const;
const endpointExists = ['endpoint-exists', 'endpoint already exists'] as const;
const endpointNotFound = ['endpoint-not-found', 'endpoint not found'] as const;

/** The state that the tables below start from: `dev` has two endpoints, `prod` none. */
function createExample(): Inventory {
  return new Inventory([
    {
      name: 'dev',
      prefix: '/dev',
      endpoints: [
        { address: '192.168.0.22', port: 6379 },
        { address: '::1', port: 6379 },
      ],
    },
    { name: 'prod', prefix: '/prod', endpoints: [] },
  ]);
}

function addCluster(name: string, prefix: string): Change {
  return { kind: 'add-cluster', name, prefix };
}

function removeCluster(name: string): Change {
  return { kind: 'remove-cluster', name };
}

function addEndpoint(cluster: string, address: string, port: number): Change {
  return { kind: 'add-endpoint', cluster, address, port };
}

function removeEndpoint(cluster: string, address: string, port: number): Change {
  return { kind: 'remove-endpoint', cluster, address, port };
}

function invalid(message: string): readonly [InventoryErrorCode, string] {
  return ['invalid-parameter', message];
}

function invalidText(field: string, quoted: string): readonly [InventoryErrorCode, string] {
  return invalid(`${field} ${quoted}: must be Unicode text without control characters`);
}

function invalidAddress(quoted: string): readonly [InventoryErrorCode, string] {
  return invalid(`ipaddress ${quoted}: must be an IPv4 or IPv6 address`);
}

function undialable(quoted: string, kind: string): readonly [InventoryErrorCode, string] {
  return invalid(`ipaddress ${quoted}: must be an address that Envoys can connect to, not ${kind}`);
}

function invalidPort(port: string): readonly [InventoryErrorCode, string] {
  return invalid(`port ${port}: must be a whole number from 1 to 65535`);
}

const REFUSED: Readonly<Record<string, readonly Refusal[]>> = {
  'adding a cluster': [
    ['without a name', addCluster('', '/new'), ...missing],
    ['without a prefix', addCluster('new', ''), ...missing],
    ['without anything', addCluster('', ''), ...missing],
    ['with a name that is taken', addCluster('dev', '/new'), ...clusterExists],
    ['with a prefix that is taken', addCluster('new', '/dev'), ...prefixExists],
    ['with a line end in the name', addCluster('a\nb', '/new'), ...invalidText('name', '"a\\nb"')],
    ['with a NUL in the name', addCluster('a\0', '/new'), ...invalidText('name', '"a\\u0000"')],
    ['with a tab in the prefix', addCluster('new', '\t'), ...invalidText('prefix', '"\\t"')],
    ['with the last C0 control character', addCluster('\x1f', '/new'), ...invalidText('name', '"\\u001f"')],
    ['with half a surrogate pair in the name', addCluster('\ud83d', '/new'), ...invalidText('name', '"\\ud83d"')],
    ['with the other half in the prefix', addCluster('new', '/\ude00'), ...invalidText('prefix', '"/\\ude00"')],
    ['with surrogates in the wrong order', addCluster('\ude00\ud83d', 'p'), ...invalidText('name', '"\\ude00\\ud83d"')],
    // The order of checks.
    ['without a prefix and with a bad name', addCluster('\n', ''), ...missing],
    ['without a prefix and with a name that is taken', addCluster('dev', ''), ...missing],
    ['with a bad name and a bad prefix', addCluster('\n', '\r'), ...invalidText('name', '"\\n"')],
    ['with a name that is taken and a bad prefix', addCluster('dev', '\r'), ...invalidText('prefix', '"\\r"')],
    ['with both taken', addCluster('dev', '/dev'), ...clusterExists],
    ['with both taken, by two clusters', addCluster('dev', '/prod'), ...clusterExists],
  ],
  'removing a cluster': [
    ['without a name', removeCluster(''), ...missing],
    ['that is not there', removeCluster('new'), ...clusterNotFound],
    ['by a name in another case', removeCluster('PROD'), ...clusterNotFound],
    ['that has endpoints', removeCluster('dev'), ...hasEndpoints],
  ],
  'adding an endpoint': [
    ['without a cluster', addEndpoint('', '10.0.0.1', 80), ...missing],
    ['without an address', addEndpoint('dev', '', 80), ...missing],
    ['without a port', addEndpoint('dev', '10.0.0.1', 0), ...missing],
    ['to a cluster that is not there', addEndpoint('new', '10.0.0.1', 80), ...clusterNotFound],
    ['that is there', addEndpoint('dev', '192.168.0.22', 6379), ...endpointExists],
    ['that is there in another spelling', addEndpoint('dev', '0:0:0:0:0:0:0:1', 6379), ...endpointExists],
    ['with a host name', addEndpoint('dev', 'redis.local', 80), ...invalidAddress('"redis.local"')],
    ['with an IPv6 zone', addEndpoint('dev', 'fe80::1%eth0', 80), ...invalidAddress('"fe80::1%eth0"')],
    ['that is there in IPv4', addEndpoint('dev', '::ffff:192.168.0.22', 6379), ...endpointExists],
    ['with a multicast address', addEndpoint('dev', 'ff02::1', 80), ...undialable('"ff02::1"', 'a multicast address')],
    ['with a bad port too', addEndpoint('new', '::', 0.5), ...undialable('"::"', 'an unspecified address')],
    [
      'with the broadcast address, mapped',
      addEndpoint('dev', '::ffff:255.255.255.255', 80),
      ...undialable('"::ffff:255.255.255.255"', 'the broadcast address'),
    ],
    ['with a line end in the address', addEndpoint('dev', '10.0.0.1\n', 80), ...invalidAddress('"10.0.0.1\\n"')],
    ['with a port above 65535', addEndpoint('dev', '10.0.0.1', 65_536), ...invalidPort('65536')],
    ['with a negative port', addEndpoint('dev', '10.0.0.1', -1), ...invalidPort('-1')],
    ['with a fractional port', addEndpoint('dev', '10.0.0.1', 80.5), ...invalidPort('80.5')],
    ['with a port that is no number', addEndpoint('dev', '10.0.0.1', NaN), ...invalidPort('NaN')],
    ['with an endless port', addEndpoint('dev', '10.0.0.1', Infinity), ...invalidPort('Infinity')],
    // The order of checks.
    ['without a port and with a bad address', addEndpoint('new', 'redis', 0), ...missing],
    ['with a bad address and a bad port', addEndpoint('new', 'redis', 65_536), ...invalidAddress('"redis"')],
    ['with a bad port to a cluster that is not there', addEndpoint('new', '::1', 65_536), ...invalidPort('65536')],
  ],
  'removing an endpoint': [
    ['without a cluster', removeEndpoint('', '10.0.0.1', 80), ...missing],
    ['without an address', removeEndpoint('dev', '', 80), ...missing],
    ['without a port', removeEndpoint('dev', '10.0.0.1', 0), ...missing],
    ['of a cluster that is not there', removeEndpoint('new', '192.168.0.22', 6379), ...clusterNotFound],
    ['at another address', removeEndpoint('dev', '192.168.0.23', 6379), ...endpointNotFound],
    ['at another port', removeEndpoint('dev', '192.168.0.22', 6380), ...endpointNotFound],
    ['of another cluster', removeEndpoint('prod', '192.168.0.22', 6379), ...endpointNotFound],
    ['with what is no address', removeEndpoint('dev', 'redis.local', 6379), ...endpointNotFound],
    ['with a port above 65535', removeEndpoint('dev', '192.168.0.22', 65_536), ...endpointNotFound],
    // The order of checks.
    ['without a port, of a cluster that is not there', removeEndpoint('new', 'redis', 0), ...missing],
    ['with no address, of a cluster that is not there', removeEndpoint('new', 'redis', 80), ...clusterNotFound],
  ],
};

describe('a refused change', () => {
  for (const [action, refusals] of Object.entries(REFUSED)) {
    for (const [why, change, code, message] of refusals) {
      test(`${action} ${why}: ${JSON.stringify(message)}`, () => {
        const inventory = createExample();
        assert.throws(() => inventory.check(change), { name: 'InventoryError', code, message });
        assert.deepEqual([...inventory.clusters.values()], [...createExample().clusters.values()]);
      });
    }
  }

  test('quotes no more than 100 characters of a value', () => {
    const inventory = new Inventory();
    const shown = (text: string) => `name ${JSON.stringify(text)}: must be Unicode text without control characters`;
    assert.throws(() => inventory.check(addCluster(`${'n'.repeat(99)}\n`, 'p')), {
      message: shown(`${'n'.repeat(99)}\n`),
    });
    assert.throws(() => inventory.check(addCluster(`${'n'.repeat(1_000_000)}\n`, 'p')), {
      message: shown(`${'n'.repeat(100)}…`),
    });
  });

  test('has a message of one printable line, whichever control character the value holds', () => {
    const inventory = new Inventory();
    for (const control of controlCharacters()) {
      for (const change of [addCluster(control, 'p'), addCluster('n', control), addEndpoint('n', control, 1)]) {
        const error = catchRefusal(inventory, change);
        assert.equal(error.code, 'invalid-parameter', `U+${control.charCodeAt(0).toString(16)}`);
        assert.doesNotMatch(error.message, /\p{Cc}/u, `U+${control.charCodeAt(0).toString(16)} shown as it is`);
      }
    }
  });
});

describe('an accepted change', () => {
  const texts: readonly (readonly [what: string, text: string])[] = [
    ['a space', ' '],
    ['letters of other scripts', '集群'],
    ['a character above U+FFFF', '😀'],
    ['the first character after C0', '!'],
    ['the first character after C1', '\u00a0'],
    ['quotes and slashes', '"/\\\''],
    ['a name that objects have', '__proto__'],
    ['a name that methods have', 'constructor'],
    ['100,000 characters', 'x'.repeat(100_000)],
  ];
  for (const [what, text] of texts) {
    test(`adds a cluster named with ${what}, and with the same prefix`, () => {
      const edit = new Inventory().check(addCluster(text, text));
      assert.deepEqual(edit, { name: text, after: { name: text, prefix: text, endpoints: [], watch: 'off' } });
    });
  }

  for (const [what, port] of [['lowest', 1], ['highest', 65_535]] as const) {
    test(`adds an endpoint at the ${what} port`, () => {
      const after = createExample().check(addEndpoint('prod', '10.0.0.1', port)).after;
      assert.deepEqual(after && hostsOf(after), [{ address: '10.0.0.1', port }]);
    });
  }

  test('keeps the canonical spelling of an address', () => {
    const after = createExample().check(addEndpoint('prod', '2001:DB8:0:0:0:0:0:A', 6379)).after;
    assert.deepEqual(after && hostsOf(after), [{ address: '2001:db8::a', port: 6379 }]);
  });

  test('removes an endpoint by any spelling of its address', () => {
    const after = createExample().check(removeEndpoint('dev', '0:0:0:0:0:0:0:1', 6379)).after;
    assert.deepEqual(after && hostsOf(after), [{ address: '192.168.0.22', port: 6379 }]);
  });

  test('puts an endpoint in its sorted place, and touches nothing else', () => {
    const inventory = createExample();
    const edit = inventory.check(addEndpoint('dev', '192.168.0.22', 70));
    assert.deepEqual(edit, {
      name: 'dev',
      after: {
        name: 'dev',
        prefix: '/dev',
        endpoints: [
          { address: '192.168.0.22', port: 70 },
          { address: '192.168.0.22', port: 6379 },
          { address: '::1', port: 6379 },
        ],
      },
    });
  });

  test('is only checked until it is applied', () => {
    const inventory = createExample();
    const before = inventory.clusters.get('dev');
    inventory.check(addEndpoint('dev', '10.0.0.1', 6379));
    inventory.check(addCluster('new', '/new'));
    inventory.check(removeCluster('prod'));
    assert.deepEqual([...inventory.clusters.keys()], ['dev', 'prod']);
    assert.equal(inventory.clusters.get('dev'), before);
    inventory.check(addCluster('other', '/new'));
  });

  test('gives frozen values, and leaves those before it as they were', () => {
    const inventory = createExample();
    for (const change of [
      addCluster('new', '/new'),
      addEndpoint('new', '10.0.0.2', 6379),
      addEndpoint('new', '10.0.0.1', 6379),
      removeEndpoint('new', '10.0.0.2', 6379),
    ]) {
      const before = inventory.clusters.get('new');
      const copy = structuredClone(before);
      inventory.apply(inventory.check(change));
      const after = inventory.clusters.get('new');
      assert.notEqual(after, before);
      assert.deepEqual(before, copy);
      assertFrozen(after);
    }
  });

  test('frees the name and the prefix of a removed cluster', () => {
    const inventory = createExample();
    inventory.apply(inventory.check(removeCluster('prod')));
    inventory.apply(inventory.check(addCluster('prod', '/new')));
    inventory.apply(inventory.check(addCluster('new', '/prod')));
    assert.deepEqual([...inventory.clusters.values()].map(({ name, prefix }) => [name, prefix]), [
      ['dev', '/dev'],
      ['prod', '/new'],
      ['new', '/prod'],
    ]);
  });

  test('lets a cluster go once its last endpoint has gone', () => {
    const inventory = createExample();
    inventory.apply(inventory.check(removeEndpoint('dev', '192.168.0.22', 6379)));
    assert.throws(() => inventory.check(removeCluster('dev')), { code: 'cluster-has-endpoints' });
    inventory.apply(inventory.check(removeEndpoint('dev', '::1', 6379)));
    assert.deepEqual(inventory.check(removeCluster('dev')), { name: 'dev', after: undefined });
  });
});

describe('compareEndpoints', () => {
  const sorted: readonly Endpoint[] = [
    { address: '10.0.0.10', port: 6379 },
    { address: '10.0.0.9', port: 80 },
    { address: '10.0.0.9', port: 443 },
    { address: '10.0.0.9', port: 6379 },
    { address: '::1', port: 1 },
    { address: 'fd00::1', port: 1 },
  ];

  for (const [index, a] of sorted.entries()) {
    for (const [otherIndex, b] of sorted.entries()) {
      test(`${a.address} port ${a.port} beside ${b.address} port ${b.port}`, () => {
        assert.equal(Math.sign(compareEndpoints(a, b)), Math.sign(index - otherIndex));
      });
    }
  }
});

describe('a cluster of another kind', () => {
  const [one, two] = [{ address: '10.0.0.1', port: 1 }, { address: '10.0.0.2', port: 1 }];
  const shards = [{ name: 's', primary: '10.0.0.1:1', endpoints: [one, two] }];
  const cases: readonly (readonly [cluster: object, code: InventoryErrorCode, message: string])[] = [
    [{ kind: 'sharded', shards }, 'cluster-is-sharded', 'cluster is sharded: its shards are changed by /api/v2'],
    [
      { kind: 'replicated', primary: '10.0.0.1:1', endpoints: [one, two] },
      'cluster-not-plain',
      'cluster is replicated: changed by /api/v2',
    ],
    [{ kind: 'redis_cluster', endpoints: [one] }, 'cluster-not-plain', 'cluster is redis_cluster: changed by /api/v2'],
  ];
  for (const [fields, code, message] of cases) {
    test(message, () => {
      const cluster = parseCluster({ name: 'other', prefix: '/o', ...fields });
      const inventory = new Inventory([cluster]);
      for (const change of [addEndpoint('other', '10.0.0.9', 1), removeEndpoint('other', '10.0.0.1', 1)]) {
        assert.throws(() => inventory.check(change), { name: 'InventoryError', code, message });
      }
      const [why, text] = hasEndpoints;
      assert.throws(() => inventory.check(removeCluster('other')), { code: why, message: text });
    });
  }
});

function catchRefusal(inventory: Inventory, change: Change): InventoryError {
  try {
    inventory.check(change);
  } catch (error) {
    if (error instanceof InventoryError) return error;
    throw error;
  }
  throw new Error(`not refused: ${JSON.stringify(change)}`);
}

function controlCharacters(): string[] {
  return Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).filter((text) => /\p{Cc}/u.test(text));
}

function assertFrozen(cluster: Cluster | undefined): void {
  assert.ok(cluster !== undefined);
  for (const value of [cluster, hostsOf(cluster), ...hostsOf(cluster)]) {
    assert.ok(Object.isFrozen(value), `not frozen: ${JSON.stringify(value)}`);
  }
}
