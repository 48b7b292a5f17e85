// The demo as a user runs it: what it shows, that the READMEs show the same, and that nothing of it is left.

import assert from 'node:assert/strict';
import { chmod, readFile, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';

import { assertInOrder } from './support/assert-in-order.ts';
import { checkoutDir, checkoutPath } from './support/checkout.ts';
import { startChild, type Scope } from './support/child-process.ts';
import { runCommand } from './support/run-command.ts';
import { tempDir } from './support/temp-dir.ts';
import { waitUntil } from './support/wait-until.ts';

const demo = ['--disable-warning=ExperimentalWarning', checkoutPath('scripts/demo.ts')];
const readmes = ['README.md', 'README.zh-CN.md'];

/** What must be seen, in this order: each line of the story that says something of its own. */
const keyLines = [
  /^\$ \.\/controlplane --xds-address 127\.0\.0\.1:\d+ /,
  /INFO: Starting API server on 127\.0\.0\.1:\d+$/,
  /INFO: Starting a server on 127\.0\.0\.1:\d+$/,
  /^\$ \.\/cli\.sh cluster add bunny_redis_cluster br \| grep HTTP$/,
  /^HTTP\/1\.1 200 OK$/,
  /^\(error\) no upstream host$/,
  /^\$ \.\/cli\.sh endpoint add bunny_redis_cluster 127\.0\.0\.1 \d+ \| grep HTTP$/,
  /^\$ \.\/cli\.sh commit \| grep HTTP$/,
  /^OK$/,
  /^"hello"$/,
  /^"(first|second)"$/,
  /^\$ kill -9 \d+$/,
  /^"(first|second)"$/,
  /^endpoint already exists$/,
  /^\$ kill -9 \d+$/,
  /^\(error\) upstream failure$/,
  /^\$ \.\/cli\.sh endpoint remove bunny_redis_cluster 127\.0\.0\.1 \d+ \| grep HTTP$/,
  /^"first"$/,
  /^cluster_manager\.cds\.update_rejected: 0$/,
  /INFO: stopping /,
  /^\$ \.\/controlplane cluster add sessions --prefix sess:$/,
  /^\+ cluster sessions \(prefix sess:, 1 endpoint\)$/,
  /commit --plan [0-9a-f]+$/,
  /^committed revision 1$/,
  /^"first"$/,
  /takes the last endpoint of cluster "sessions"/,
  /^committed revision 2$/,
  /^\(error\) no upstream host$/,
  /^rolled back to revision 1, as revision 3$/,
  /^"first"$/,
  /^2 .* the old server goes$/,
  /^~ cluster sessions {2}endpoint 127\.0\.0\.1:\d+: removed$/,
  /^ {2}- name: sessions$/,
  /^not staged: a dry run$/,
  /^committed revision 4: 1 of 1 in sync after /,
  /^"second"$/,
];

/** What is found in the block of each story, and of no other. */
const marks = ['$ kill -9 ', '$ ./controlplane rollback\n'];

test('tells the stories, leaves nothing behind, and the READMEs show its output', async (t) => {
  const { status, stdout, stderr, isClean } = await runDemo(t);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout);
  assertInOrder(stdout.split('\n'), keyLines);
  await isClean(stdout);
  for (const readme of readmes) {
    const parts = (await readFile(checkoutPath(readme), 'utf8')).split('```');
    const blocks = parts.map((part) => part.replace(/^.*\n/, ''));
    const stories = blocks.filter((block) => marks.some((mark) => block.includes(mark)));
    assert.equal(stories.length, marks.length, `${readme} has a block for each story`);
    const shown = stories.join('\n');
    assert.equal(comparable(shown), comparable(stdout), `${readme} shows what \`npm run demo\` no longer prints`);
  }
});

test('Ctrl-C in the middle of it leaves nothing behind', async (t) => {
  const { env, isClean } = await prepare(t);
  const child = startChild(t, 'demo', process.execPath, demo, { env });
  await child.untilOutput(/get greeting\n"hello"\n/);
  assert.equal(await child.end('SIGINT'), 130);
  await isClean(child.output);
});

test('a part that does not work is said, with its words, and the demo fails', async (t) => {
  const broken = await tempDir(t);
  await writeFile(join(broken, 'redis-server'), '#!/bin/sh\necho "the disk is on fire"\nexit 3\n');
  await chmod(join(broken, 'redis-server'), 0o755);
  const { status, stderr } = await runDemo(t, { PATH: `${broken}${delimiter}${process.env.PATH}` });
  assert.equal(status, 1);
  assert.match(stderr, /^demo: .*Redis accepts connections/);
  assert.match(stderr, /has ended \(3\)/);
  assert.match(stderr, /the disk is on fire/);
});

async function runDemo(t: Scope, more: Readonly<Record<string, string>> = {}) {
  const { env, isClean } = await prepare(t);
  return { isClean, ...(await runCommand(process.execPath, demo, { cwd: checkoutDir, env: { ...env, ...more } })) };
}

/** A place for the demo's temporary files, and what asserts that nothing is left, there or on the ports in `output`. */
async function prepare(t: Scope) {
  const dir = await tempDir(t);
  const isClean = async (output: string): Promise<void> => {
    assert.deepEqual(await readdir(dir), []);
    const ports = new Set(Array.from(output.matchAll(/127\.0\.0\.1:(\d+)|--port (\d+)/g), (m) => Number(m[1] ?? m[2])));
    assert.ok(ports.size >= 5, 'the demo names its ports');
    for (const port of ports) await waitUntil(`port ${port} is free again`, async () => !(await isOpen(port)));
  };
  return { env: { TMPDIR: dir }, isClean };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
}

/** Without what differs from run to run: ports, process ids, times, tokens, progress, and whose turn it is first. */
function comparable(output: string): string {
  return output
    .trim()
    .replaceAll(/^Date: .*$/gm, 'Date: …')
    .replaceAll(/^\[[\d:.]+\]/gm, '[time]')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replaceAll(/^\d+ of \d+ streams have answered\n/gm, '')
    .replaceAll(/(after )[\d.]+( s$)/gm, '$1N$2')
    .replaceAll(/(--plan )[0-9a-f]+/g, '$1token')
    .replaceAll(/(127\.0\.0\.1[: ]|--port |-p |port: |port_value: |kill (?:-9 )?)\d+/g, '$1N')
    .replaceAll(/(?:^(?:"first"|"second"|\(error\) upstream failure)\n?)+/gm, (turns) =>
      `${turns.trimEnd().split('\n').toSorted().join('\n')}\n`,
    );
}
