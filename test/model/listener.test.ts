// What a listener may say, and what it is told when it may not.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { contentOf } from '../../src/model/canonical.ts';
import { FaultsError } from '../../src/model/faults.ts';
import { parseListener } from '../../src/model/parse.ts';

function faultsOf(value: unknown): string[] {
  try {
    parseListener(value);
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value: found, rule }) => `${pointer} ${JSON.stringify(found) ?? 'nothing'}: ${rule}`);
  }
  return [];
}

type Case = readonly [what: string, fields: object, faults: readonly string[]];

function check(listener: object, cases: readonly Case[]): void {
  for (const [what, fields, faults] of cases) {
    test(what, () => assert.deepEqual(faultsOf({ ...listener, ...fields }).toSorted(), faults.toSorted()));
  }
}

const route = { prefix: 'a:', cluster: 'a' };
const shared = 'all clients of the listener share';

describe('a Redis listener', () => {
  check({ name: 'l' }, [
    ['may have every setting', {
      enable_redirection: true,
      max_upstream_unknown_connections: 0,
      buffer: { max_bytes: 1_024, flush_timeout: '5ms' },
      connection_rate_limit: 1,
      command_stats: true,
      custom_commands: ['json.get'],
      protocol: 'RESP3',
      faults: [{ type: 'error', percent: 1 }, { type: 'delay', percent: 99, delay: '1s', commands: ['GET'] }],
    }, []],
    ['buffers some bytes', { buffer: { max_bytes: 0 } }, ['/buffer/max_bytes 0: must be at least 1']],
    ['sends what is buffered before it times out', { op_timeout: '1s', buffer: { max_bytes: 1, flush_timeout: '1000ms' } }, [
      '/buffer/flush_timeout "1000ms": must be below op_timeout (5s unless told)',
    ]],
    ['sends what is buffered before it times out by default', { buffer: { max_bytes: 1, flush_timeout: '6s' } }, [
      '/buffer/flush_timeout "6s": must be below op_timeout (5s unless told)',
    ]],
    ['tells of a duration that is none, once', { op_timeout: 'soon', buffer: { max_bytes: 1, flush_timeout: '1s' } }, [
      '/op_timeout "soon": must be a duration above 0 and up to 1h, such as 500ms, 5s or 1m',
    ]],
    ['connects at some rate', { connection_rate_limit: 0 }, ['/connection_rate_limit 0: must be at least 1']],
    ['speaks a protocol that there is', { protocol: 'RESP4' }, ['/protocol "RESP4": must be one of RESP2, RESP3']],
    ['may not be made to turn the connection that its clients share', { custom_commands: ['Subscribe'] }, [
      `/custom_commands/0 "Subscribe": must be another command: it turns the connection, which ${shared}, into something else`,
    ]],
    ['may not be made to say who asks on it', { custom_commands: ['auth'] }, [
      `/custom_commands/0 "auth": must be another command: it says of the whole connection, which ${shared}, who asks, and how`,
    ]],
    ['may not be made to wait on it', { custom_commands: ['blpop'] }, [
      '/custom_commands/0 "blpop": must be another command: the server waits, and with it all clients of the listener, who share the connection',
    ]],
    ['may not be made to open transactions on it', { custom_commands: ['multi'] }, [
      '/custom_commands/0 "multi": must be another command: Envoy carries out transactions itself, each on a connection of its own',
    ]],
    ['may not be made to ask one server alone where several have keys', { custom_commands: ['MGET'] }, [
      '/custom_commands/0 "MGET": must be another command: Envoy knows it, and asks every server that it concerns; ' +
        'it would ask that of the first argument alone',
    ]],
    ['has commands that are words', { custom_commands: ['json get'] }, [
      '/custom_commands/0 "json get": must be a command, of letters, digits, dots, dashes and underscores',
    ]],
    ['has each command once, in whatever case', { custom_commands: ['a', 'A'] }, [
      '/custom_commands ["a","A"]: must have each command once',
    ]],
    ['fails or delays', { faults: [{ type: 'abort', percent: 1 }] }, ['/faults/0/type "abort": must be one of error, delay']],
    ['delays for some time', { faults: [{ type: 'delay', percent: 1 }] }, ['/faults/0/delay nothing: is required']],
    ['fails some commands', { faults: [{ type: 'error', percent: 0 }] }, ['/faults/0/percent 0: must be at least 1']],
    ['fails no more than all of them', {
      faults: [{ type: 'error', percent: 60 }, { type: 'error', percent: 50, commands: ['get'] }],
    }, [
      '/faults [{"type":"error","percent":60},{"type":"error","percent":50,"commands":["get"]}]: ' +
        'must have percents of at most 100 together, of those for any one command',
    ]],
    ['may fail all of each of two', {
      faults: [{ type: 'error', percent: 100, commands: ['set'] }, { type: 'error', percent: 100, commands: ['get'] }],
    }, []],
    ['formats keys', { routes: [{ ...route, key_formatter: 'x' }] }, [
      '/routes/0/key_formatter "x": must contain %KEY%, where the key stands',
    ]],
    ['formats keys alone', { catch_all: { cluster: 'a', key_formatter: '%START_TIME%:%KEY%' } }, [
      '/catch_all/key_formatter "%START_TIME%:%KEY%": must have no % but in %KEY%',
    ]],
    ['mirrors to other clusters', { routes: [{ ...route, mirrors: [{ cluster: 'b' }, { cluster: 'a' }] }] }, [
      '/routes/0/mirrors [{"cluster":"b"},{"cluster":"a"}]: ' +
        'must not name the cluster of the route itself: it would do each command twice',
    ]],
    ['mirrors to each cluster once', { routes: [{ ...route, mirrors: [{ cluster: 'b' }, { cluster: 'b', percent: 1 }] }] }, [
      '/routes/0/mirrors [{"cluster":"b"},{"cluster":"b","percent":1}]: must name each cluster once',
    ]],
    ['mirrors some commands', { catch_all: { cluster: 'a', mirrors: [{ cluster: 'b', percent: 101 }] } }, [
      '/catch_all/mirrors/0/percent 101: must be at most 100',
    ]],
    ['has no hosts', { routes: [{ ...route, hosts: ['a.example'] }] }, ['/routes/0/hosts ["a.example"]: no such field']],
  ]);
});

describe('an HTTP listener', () => {
  check({ name: 'l', kind: 'http', address: '[::]:80' }, [
    ['may have every setting', {
      idle_timeout: '1m',
      max_connection_duration: '1h',
      routes: [{ ...route, hosts: ['*.a.example'], timeout: '2s', retries: { attempts: 1, on: ['reset'], per_try_timeout: '1s' } }],
    }, []],
    ['has hosts without ports', { routes: [{ ...route, hosts: ['a.example:80'] }] }, [
      '/routes/0/hosts/0 "a.example:80": must be a host name without a port, or *. and one, such as shop.example or *.shop.example',
    ]],
    ['has each host of a route once', { routes: [{ ...route, hosts: ['a', 'A'] }] }, [
      '/routes/0/hosts ["a","A"]: must have each once',
      '/routes [{"prefix":"a:","cluster":"a","hosts":["a","A"]}]: must have each prefix once, of one host',
    ]],
    ['may have a prefix again for another host', { routes: [{ ...route, hosts: ['a'] }, route, { ...route, hosts: ['b'] }] }, []],
    ['has each prefix once for a host', { routes: [{ ...route, hosts: ['a', 'b'] }, { ...route, hosts: ['B'] }] }, [
      '/routes [{"prefix":"a:","cluster":"a","hosts":["a","b"]},{"prefix":"a:","cluster":"a","hosts":["B"]}]: must have each prefix once, of one host',
    ]],
    ['tries again for a reason that there is', { routes: [{ ...route, retries: { attempts: 1, on: ['bad luck'] } }] }, [
      '/routes/0/retries/on/0 "bad luck": must be one of 5xx, gateway-error, reset, connect-failure, refused-stream, retriable-4xx',
    ]],
    ['tries for less long than it waits', { routes: [{ ...route, retries: { attempts: 1, per_try_timeout: '15s' } }] }, [
      '/routes/0/retries/per_try_timeout "15s": must be below timeout (15s unless told)',
    ]],
    ['formats no keys', { routes: [{ ...route, key_formatter: '%KEY%' }] }, ['/routes/0/key_formatter "%KEY%": no such field']],
    ['without an address has no connections', { address: undefined, idle_timeout: '1m', max_connection_duration: '1m' }, [
      '/idle_timeout "1m": is for a listener with an address: without one the routes alone are published',
      '/max_connection_duration "1m": is for a listener with an address: without one the routes alone are published',
    ]],
  ]);
});

describe('the canonical form of a listener', () => {
  test('is the same in whatever order and case it was written', () => {
    const one = parseListener({
      name: 'l',
      custom_commands: ['B', 'a'],
      catch_all: { mirrors: [{ cluster: 'z' }, { percent: 5, cluster: 'y' }], cluster: 'x' },
      faults: [{ type: 'error', percent: 1, commands: ['Set', 'get'] }, { delay: '1s', type: 'delay', percent: 1 }],
      routes: [route, { cluster: 'b', prefix: 'A' }],
    });
    const other = parseListener({
      faults: [{ percent: 1, type: 'delay', delay: '1s' }, { type: 'error', percent: 1, commands: ['get', 'set'] }],
      routes: [{ prefix: 'A', cluster: 'b' }, route],
      catch_all: { cluster: 'x', mirrors: [{ cluster: 'y', percent: 5 }, { cluster: 'z' }] },
      custom_commands: ['a', 'b'],
      name: 'l',
    });
    assert.equal(contentOf(one), contentOf(other));
    assert.equal(contentOf(parseListener(JSON.parse(contentOf(one)))), contentOf(one));
  });

  test('has a name where a catch-all says no more', () => {
    const catchAllOf = (catch_all: unknown) => (parseListener({ name: 'l', catch_all }) as { catch_all?: unknown }).catch_all;
    assert.equal(catchAllOf({ cluster: 'a' }), 'a');
    assert.deepEqual(catchAllOf({ cluster: 'none' }), { cluster: 'none' });
  });

  test('sorts the routes of hosts', () => {
    const routes = [{ ...route, hosts: ['B', 'a'] }, { ...route, hosts: ['c'] }, route];
    const of = (list: readonly object[]) => contentOf(parseListener({ name: 'l', kind: 'http', routes: list }));
    assert.equal(of(routes), of(routes.toReversed()));
    assert.match(of(routes), /"hosts":\["a","b"\]/u);
  });
});
