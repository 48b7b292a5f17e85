import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { readBootstrap } from '../support/bootstrap.ts';
import { validateBootstrap } from '../support/envoy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runInProcess } from './canned-api.ts';

const modes = ['ads', 'delta-ads', 'streams', 'delta-streams', 'rest'];

/** What is asked for, and where it stands in a file. */
const asked = ['--node-id', '0x7: "é" #', '--group', '123', '--server', '[2001:db8::1]:99', '--admin', '127.0.0.1:77'];

for (const mode of modes) {
  describe(`bootstrap --mode ${mode}`, () => {
    test('is the shipped file, but for the node id', async () => {
      const { status, stdout } = await runInProcess(['bootstrap', '--mode', mode, '--node-id', 'envoy-1']);
      const shipped = await readBootstrap(`envoy/redis-v3-${mode}.yaml`);
      assert.deepEqual(parse(stdout), { ...shipped, node: { ...shipped.node, id: 'envoy-1' } });
      assert.equal(status, 0);
    });

    test('is the shipped file, but for what is asked, and Envoy takes it', async (t) => {
      const { stdout } = await runInProcess(['bootstrap', '--mode', mode, ...asked]);
      const expected = await readBootstrap(`envoy/redis-v3-${mode}.yaml`);
      Object.assign(expected.node, { id: '0x7: "é" #', cluster: '123' });
      expected.admin.address.socket_address.port_value = 77;
      for (const {
        name,
        load_assignment: { endpoints },
      } of expected.static_resources.clusters) {
        const address = endpoints[0]?.lb_endpoints[0]?.endpoint.address.socket_address ?? assert.fail(name);
        Object.assign(address, { address: '2001:db8::1', port_value: name === 'xds_rest' ? 8_000 : 99 });
      }
      assert.deepEqual(parse(stdout), expected);
      const path = join(await tempDir(t), 'envoy.yaml');
      await writeFile(path, stdout);
      const validated = await validateBootstrap(path);
      assert.equal(validated.status, 0, validated.stdout + validated.stderr);
    });
  });
}

test('comments say what is there, not what is to be changed', async () => {
  const { stdout } = await runInProcess(['bootstrap', '--node-id', 'envoy-1', '--server', 'cp:1']);
  assert.match(stdout, /^# Redis behind a current Envoy that takes everything.*\n(?:# .*\n)+admin:\n/u);
  assert.doesNotMatch(stdout, /To change/u);
});

test('the REST API of rest mode can be elsewhere', async () => {
  const { stdout } = await runInProcess([
    'bootstrap',
    '--mode',
    'rest',
    '--node-id',
    'e',
    '--server',
    'a:1',
    '--api',
    'b:2',
  ]);
  assert.match(stdout, /address: a, port_value: 1 /u);
  assert.match(stdout, /address: b, port_value: 2 /u);
});

const refused: readonly (readonly [words: string, line: RegExp])[] = [
  ['--mode ads', /--node-id/u],
  ['--node-id e --api-version v2', /--api-version "v2": must be v3: .*b\.yaml/u],
  ['--node-id e --mode udp', /--mode "udp": must be one of ads, delta-ads, streams, delta-streams, rest/u],
  ['--node-id e --server :5678', /--server ":5678": must be HOST:PORT/u],
  ['--node-id e --admin localhost:1', /--admin "localhost:1": must be an IP address/u],
  ['--node-id=', /--node-id "": must not be empty/u],
];
for (const [words, line] of refused) {
  test(`${words} is refused`, async () => {
    const { status, stdout, stderr } = await runInProcess(['bootstrap', ...words.split(' ')]);
    assert.match(stderr, line);
    assert.deepEqual([status, stdout], [2, '']);
  });
}
