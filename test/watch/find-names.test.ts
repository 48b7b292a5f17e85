// Where names lead to for one look: what is known goes before what is looked up, and nobody waits for long.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCluster } from '../../src/model/parse.ts';
import { LookupError } from '../../src/watch/dns-lookup.ts';
import type { Lookup } from '../../src/watch/dns-lookup.ts';
import { findNames } from '../../src/watch/find-names.ts';

const never = new AbortController().signal;

function clusterOf(...names: readonly string[]) {
  return parseCluster({ name: 'c', resolve: 'controlplane', endpoints: names.map((address) => ({ address, port: 1 })) });
}

test('what is known is not asked for, what is not is, in the order in which it would be published', async () => {
  const asked: string[] = [];
  const lookup: Lookup = async (name) => {
    asked.push(name);
    if (name === 'gone') throw new LookupError('not found');
    return { addresses: ['10.0.0.3', '10.0.0.1'], ttlMs: 1 };
  };
  const known = () => new Map([['known', ['10.0.0.9', '10.0.0.8']], ['of another', ['10.0.0.7']]]);
  const byEnvoy = parseCluster({ name: 'e', endpoints: [{ address: 'by-envoy', port: 1 }] });
  const clusters = [clusterOf('known', 'new', 'gone'), clusterOf('new'), byEnvoy];
  assert.deepEqual(await findNames(clusters, { known, lookup }, never), {
    addresses: new Map([['known', ['10.0.0.9', '10.0.0.8']], ['new', ['10.0.0.1', '10.0.0.3']]]),
    problems: new Map([['gone', 'not found']]),
  });
  assert.deepEqual(asked.toSorted(), ['gone', 'new']);
});

test('few names are looked up at once, and what is not there when it is over has no answer', async () => {
  const over = new AbortController();
  let asked = 0;
  const lookup: Lookup = async (name) => {
    asked += 1;
    if (asked === 64) over.abort();
    return name === 'n0' ? { addresses: ['10.0.0.1'], ttlMs: 1 } : Promise.withResolvers<never>().promise;
  };
  const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
  const { addresses, problems } = await findNames([clusterOf(...names)], { known: () => new Map(), lookup }, over.signal);
  assert.deepEqual([asked, [...addresses.keys()], problems.size], [64, ['n0'], 99]);
  assert.deepEqual(new Set(problems.values()), new Set(['no answer']));
  const late = await findNames([clusterOf('a')], { known: () => new Map(), lookup }, over.signal);
  assert.deepEqual([asked, [...late.problems]], [64, [['a', 'no answer']]]);
});
