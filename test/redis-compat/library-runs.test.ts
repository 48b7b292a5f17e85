// How drivers are run, with programs in their place that say what the test wants to hear.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Library } from '../../scripts/redis-compat/clients/libraries.ts';
import { tryLibrary, tryToConnect } from '../../scripts/redis-compat/clients/library-runs.ts';
import type { Place } from '../../scripts/redis-compat/clients/library-runs.ts';

const place: Place = { portOf: () => 6379, empty: async () => {}, replaceServer: async () => {} };

/** A library whose driver runs this with the name of an attempt and a target, and a function that prints a line. */
function libraryThat(does: string): Library {
  const script = `
    const [attempt, target] = [process.argv[1], JSON.parse(process.argv[2])];
    const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
    ${does}`;
  const remedies = [
    { shown: 'a = 1', options: { a: 1 } },
    { shown: 'b = 1', options: { b: 1 } },
  ];
  return { name: 'library', version: '1.0.0', command: [process.execPath, '-e', script], remedies };
}

const outcomes: readonly (readonly [what: string, does: string, result: object])[] = [
  ['works', "say({ outcome: 'works' });", { outcome: 'works' }],
  ['an error that came before', "say({ outcome: 'works', after: 'a\\nb' });", { outcome: 'works', after: 'a' }],
  ['no such thing', "say({ outcome: 'missing' });", { outcome: 'missing' }],
  [
    'an error without what differs from run to run, and the arguments',
    `say({ event: 'e' });
    const where = '127.0.0.1:' + target.port;
    say({ outcome: 'error', error: where + ": unknown command 'X', with args beginning with: y\\nz" });`,
    { outcome: 'error', error: "127.0.0.1:PORT: unknown command 'X'" },
  ],
  [
    'a long error, cut between words',
    "say({ outcome: 'error', error: 'word '.repeat(30) });",
    { outcome: 'error', error: `${'word '.repeat(22).trimEnd()} ...` },
  ],
  [
    'what helps',
    "say(target.options.b ? { outcome: 'works' } : { outcome: 'wrong' });",
    { outcome: 'wrong', helps: 'b = 1' },
  ],
];
for (const [what, does, result] of outcomes) {
  test(`what comes of a driver: ${what}`, async () => {
    assert.deepEqual(await tryToConnect(place, libraryThat(does), 'redis'), result);
  });
}

test('a driver that ends without a word is an error with what it said to stderr', async () => {
  const library = libraryThat("console.error('no such package');");
  await assert.rejects(tryToConnect(place, library, 'redis'), /has ended: no such package/);
});

test('what connecting needs is set for all else, and a server is replaced when the driver is ready', async () => {
  let replaced = 0;
  const library = libraryThat(`
    const end = () => {
      say(target.options.a ? { outcome: 'works' } : { outcome: 'error', error: 'no' });
      process.exit();
    };
    if (attempt !== 'replaced' || !target.options.a) end();
    say({ ready: true });
    process.stdin.once('data', end);`);
  const results = await tryLibrary({ ...place, replaceServer: async () => void (replaced += 1) }, library, 'tcp');
  const { connect, ...others } = results;
  assert.deepEqual(connect, { outcome: 'error', error: 'no', helps: 'a = 1' });
  assert.deepEqual(new Set(Object.values(others).map(({ outcome }) => outcome)), new Set(['works']));
  assert.equal(replaced, 1);
});
