// Every drill, played with fewer Envoys and commands: what it promises is kept, and what it tells of has happened.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { NotHereError } from '../../scripts/drill/scenario.ts';
import { scenarios } from '../../scripts/drill/scenarios.ts';
import type { Settings } from '../../scripts/drill/stage.ts';
import { assertInOrder } from '../support/assert-in-order.ts';
import { checkoutDir, checkoutPath } from '../support/checkout.ts';
import { startChild } from '../support/child-process.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

const settings: Settings = { perSecond: 200, lightEnvoys: 20, calmMs: 500 };
const program = ['--disable-warning=ExperimentalWarning', checkoutPath('scripts/drill.ts')];

const newPrimary = [/^published: 127\.0\.0\.1:\d+ takes the writes$/, /^ACKed by the last of 20 /];
const out = [/^found down$/, /^published: left out$/, /^ACKed by the last of 20 /];
const outAndIn = [...out, / again: |^continued: /, /^found up$/];

const twice = (patterns: readonly RegExp[]): RegExp[] => [...patterns, ...patterns];
const cutOff = [/^cut off$/, /^all are found down$/, /^told: /, /^the network is there again$/, /^all are found up$/];

/** What must have happened, each in its order. */
const moments: Readonly<Record<string, readonly (readonly RegExp[])[]>> = {
  sentinel: [[/^killed: /, /^Sentinel: \+odown$/, ...newPrimary], [/^killed: /, /^elected: /]],
  'sentinel-hang': [[/^stopped: /, ...newPrimary, /^continued: /], [/^stopped: /, /^elected: /]],
  'own-promotion': [[/^killed: /, /^promotion: fenced$/, ...newPrimary], [/^promotion: fenced$/, /^elected: /]],
  switchover: [[/ switchover drill: /, /^promotion: fenced$/, ...newPrimary], [/ switchover drill: /, /^elected: /]],
  roles: [[/^killed: /, ...newPrimary], [/^killed: /, /^elected: /]],
  'many-writers': [[/^killed: /, ...outAndIn]],
  hang: [[/^stopped: /, ...outAndIn]],
  partition: [cutOff],
  'sentinel-partition': [cutOff],
  'own-partition': [cutOff],
  'redis-cluster': [[/^killed: /, /^elected: /, /^first write through /, /^first write through /]],
  'rolling-restart': [[/ drain /, /^drained: /, /^restarted$/, / undrain /, ...twice([/ drain /, / undrain /])]],
};

// Most of a drill is waiting.
describe('the drill', { concurrency: 3 }, () => {
  for (const { name, run } of scenarios) {
    test(name, async (t) => {
      const report = await run(t, settings).catch((error: Error) => {
        if (!(error instanceof NotHereError)) throw error;
        t.skip(error.message);
        return undefined;
      });
      if (report === undefined) return;
      const { scenario, timeline, load, promises } = report;
      assert.equal(scenario, name);
      assert.deepEqual(promises.filter(({ isKept }) => !isKept), []);
      assert.ok(promises.length > 0 && load.answered > 0);
      const lines = timeline.map(({ what }) => what);
      for (const chain of moments[name] ?? assert.fail('its moments are missing here')) assertInOrder(lines, chain);
    });
  }
});

test('the command tells what there is to play, and refuses what there is not', async () => {
  const run = (...words: readonly string[]) => {
    return runCommand(process.execPath, [...program, ...words], { cwd: checkoutDir });
  };
  const list = (await run('--list')).stdout.trim().split('\n');
  assert.deepEqual(list.map((line) => line.trim().split(/ +/)[0]), scenarios.map(({ name }) => name));
  const { status, stderr } = await run('no-such');
  assert.deepEqual([status, stderr], [1, 'drill: there is no drill no-such; --list tells what there is\n']);
  const faulty = await run('--rate', '0');
  assert.match(faulty.stderr, /^drill: --rate must be a whole number from 1 to 999999, not 0$/mu);
});

test('Ctrl-C in the middle of a drill leaves nothing behind', async (t) => {
  const dir = await tempDir(t);
  const child = startChild(t, 'drill', process.execPath, [...program, 'many-writers'], { env: { TMPDIR: dir } });
  await child.until('it has begun', async () => {
    return (await readdir(dir, { recursive: true })).some((name) => name.endsWith('bootstrap.json'));
  });
  assert.equal(await child.end('SIGINT'), 130);
  assert.deepEqual(await readdir(dir), []);
});
