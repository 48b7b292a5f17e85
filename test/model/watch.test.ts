// What can be declared about watching: what is refused, how it is written, and what stands where nothing is said.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { contentOf } from '../../src/model/canonical.ts';
import { withClusterDefaults } from '../../src/model/defaults.ts';
import { FaultsError } from '../../src/model/faults.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { namedSecretsOf, secretRefsOf } from '../../src/model/secret-refs.ts';
import { watchOf } from '../../src/model/watch-defaults.ts';

function faultsOf(fields: object): string[] {
  try {
    parseCluster({ name: 'a', ...fields });
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value, rule }) => `${pointer} ${JSON.stringify(value) ?? 'nothing'}: ${rule}`);
  }
  return [];
}

const password = { secret: 'pw' };
const all = { interval: '2s', timeout: '1s', down_after: 5, up_after: 4, max_down_percent: 80, username: 'watcher', password };
const duration = 'such as 500ms, 5s or 1m';

describe('how servers are watched', () => {
  const cases: readonly (readonly [what: string, fields: object, faults: readonly string[]])[] = [
    ['may be said in a word', { watch: 'off' }, []],
    ['may be said in full', { watch: all }, []],
    ['may be said of every kind', { kind: 'redis_cluster', watch: { interval: '100ms', timeout: '10ms' } }, []],
    ['is one of two words, or terms', { watch: 'maybe' }, ['/watch "maybe": must be one of on, off, or an object']],
    ['is no truth', { watch: true }, ['/watch true: must be one of on, off, or an object']],
    ['has looks at some distance', { watch: { interval: '99ms' } }, [
      `/watch/interval "99ms": must be a duration of at least 100ms and up to 1h, ${duration}`,
    ]],
    ['gives a look its time', { watch: { timeout: '9ms' } }, [
      `/watch/timeout "9ms": must be a duration of at least 10ms and up to 1m, ${duration}`,
    ]],
    ['counts looks from 1', { watch: { down_after: 0, up_after: 1_001 } }, [
      '/watch/down_after 0: must be at least 1', '/watch/up_after 1001: must be at most 1000',
    ]],
    ['takes out some at least, and all at most', { watch: { max_down_percent: 0 } }, ['/watch/max_down_percent 0: must be at least 1']],
    ['takes out no more than all', { watch: { max_down_percent: 101 } }, ['/watch/max_down_percent 101: must be at most 100']],
    ['has no other fields', { watch: { down_aftr: 1 } }, ['/watch/down_aftr 1: no such field']],
    ['has no user without a password', { watch: { username: 'u' } }, ['/watch/username "u": must be left out without password']],
    ['shows no password that was written there', { watch: { password: 'hunter2' } }, ['/watch/password nothing: must be an object']],
    ['is off where servers speak HTTP', { protocol: 'http', watch: 'off' }, []],
    ['can not be told where servers speak HTTP', { protocol: 'http', watch: 'on' }, [
      '/watch "on": must be off, or left out, where protocol is http: only servers that speak Redis are watched',
    ]],
    ['can not be told where nobody knows what servers speak', { protocol: 'tcp', watch: { interval: '1s' } }, [
      '/watch {"interval":"1s"}: must be off, or left out, where protocol is tcp: only servers that speak Redis are watched',
    ]],
    ['goes with a protocol that there is', { protocol: 'udp' }, ['/protocol "udp": must be one of redis, http, tcp']],
    ['goes with a protocol of plain clusters alone', { kind: 'sharded', shards: [], protocol: 'redis' }, [
      '/protocol "redis": no such field',
    ]],
  ];
  for (const [what, fields, faults] of cases) test(what, () => assert.deepEqual(faultsOf(fields), faults));

  test('that they are, as Redis, is said by saying nothing', () => {
    for (const fields of [{ watch: 'on' }, { watch: {} }, { protocol: 'redis' }, {}]) {
      assert.equal(contentOf(parseCluster({ name: 'a', ...fields })), '{"name":"a","endpoints":[]}', JSON.stringify(fields));
    }
    assert.equal(contentOf(parseCluster({ name: 'a', watch: 'off' })), '{"name":"a","endpoints":[],"watch":"off"}');
  });

  test('is written in one order', () => {
    const shuffled = Object.fromEntries(Object.entries(all).reverse());
    assert.equal(contentOf(parseCluster({ name: 'a', watch: shuffled })), contentOf(parseCluster({ name: 'a', watch: all })));
  });

  const untold = { interval: '1s', timeout: '500ms', down_after: 3, up_after: 2, max_down_percent: 50 };
  const defaults: readonly (readonly [fields: object, watch: unknown, protocol: unknown])[] = [
    [{}, untold, 'redis'],
    [{ watch: { down_after: 9 } }, { ...untold, down_after: 9 }, 'redis'],
    [{ watch: all }, all, 'redis'],
    [{ watch: 'off' }, 'off', 'redis'],
    [{ protocol: 'http' }, 'off', 'http'],
    [{ kind: 'replicated' }, untold, undefined],
  ];
  for (const [fields, watch, protocol] of defaults) {
    test(`${JSON.stringify(fields)} with its defaults`, () => {
      const cluster = parseCluster({ name: 'a', ...fields });
      const effective = withClusterDefaults(cluster);
      assert.deepEqual([effective['watch'], effective['protocol']], [watch, protocol]);
      assert.deepEqual(watchOf(cluster) ?? 'off', watch);
    });
  }

  test('names a secret that no Envoy is given', () => {
    const cluster = parseCluster({ name: 'a', watch: all, upstream_auth: { password: { secret: 'own' } } });
    assert.deepEqual(secretRefsOf(cluster).map(({ secret }) => secret), ['own']);
    assert.deepEqual(namedSecretsOf(cluster).at(-1), { field: 'watch.password', secret: 'pw', kind: 'password' });
  });
});
