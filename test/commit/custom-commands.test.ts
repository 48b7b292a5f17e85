import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { findCustomWrites } from '../../src/commit/custom-commands.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { openDesk } from '../support/open-desk.ts';

const clusters = byName(
  ...[
    { name: 'primary', kind: 'replicated', prefix: 'p:' },
    { name: 'any', kind: 'replicated', prefix: 'a:', reads: 'any' },
    { name: 'plain' },
  ].map(parseCluster),
);
const head = 'listener "l": Envoy takes custom commands for reads: by';
const toReplicas = 'go where reads go, and a replica refuses those that write';
const past = 'are not sent to mirrors with exclude_reads, which miss what they write';

const mirrored = (exclude_reads: boolean) => ({ prefix: 'x:', cluster: 'plain', mirrors: [{ cluster: 'any', exclude_reads }] });

interface Case {
  readonly what: string;
  readonly listener: object;
  readonly edited?: readonly string[];
  readonly expected: readonly string[];
}

const cases: readonly Case[] = [
  { what: 'none, without custom commands', listener: {}, expected: [] },
  { what: 'none, of those that only read', listener: { custom_commands: ['LCS', 'json.get'] }, expected: [] },
  {
    what: 'those by the routes of the clusters, where one says reads',
    listener: { custom_commands: ['json.get', 'JSON.SET', 'move'] },
    expected: [`${head} route "a:" json.set, move ${toReplicas}`],
  },
  {
    what: 'those by a route, and the catch-all',
    listener: {
      custom_commands: ['move'],
      routes: [
        { prefix: '1', cluster: 'primary', reads: 'replica' },
        { prefix: '2', cluster: 'primary' },
        { prefix: '3', cluster: 'any', reads: 'primary' },
      ],
      catch_all: 'any',
    },
    expected: [`${head} route "1", catch_all move ${toReplicas}`],
  },
  {
    what: 'those that mirrors are not sent',
    listener: { custom_commands: ['move'], routes: [mirrored(true)], catch_all: 'none' },
    expected: [`${head} route "x:" move ${past}`],
  },
  {
    what: 'none, where mirrors are sent all',
    listener: { custom_commands: ['move'], routes: [mirrored(false)], catch_all: 'none' },
    expected: [],
  },
  { what: 'by a cluster that was edited', listener: { custom_commands: ['move'] }, edited: ['any'], expected: [
    `${head} route "a:" move ${toReplicas}`,
  ] },
  { what: 'none, when another cluster was edited', listener: { custom_commands: ['move'] }, edited: ['plain'], expected: [] },
];

describe('custom commands that write, and pass for reads', () => {
  for (const { what, listener: fields, edited, expected } of cases) {
    test(what, () => {
      const listener = parseListener({ name: 'l', address: '127.0.0.1:1', ...fields });
      const edits: Edits = {
        clusters: (edited ?? []).map((name) => ({ name, after: clusters.get(name) })),
        listeners: edited === undefined ? [{ name: 'l', after: listener }] : [],
        secrets: [],
      };
      assert.deepEqual(findCustomWrites(edits, { clusters, listeners: byName(listener) }, defaultOptions), expected);
    });
  }
});

test('a plan warns of them', async (t) => {
  const desk = await openDesk();
  t.after(() => desk.close());
  const listener = parseListener({ name: 'redis_listener', custom_commands: ['move'] });
  const edits = [...clusters.values()].map((after) => ({ name: after.name, after }));
  await desk.stage(() => ({ clusters: edits, listeners: [{ name: listener.name, after: listener }], secrets: [] }), 'test');
  const { warnings } = await desk.plan();
  const found = warnings.filter(({ code }) => code === 'custom-command-as-read');
  assert.deepEqual(found.map(({ message }) => message), [
    `${head.replace('"l"', '"redis_listener"')} route "a:" move ${toReplicas}`,
  ]);
});
