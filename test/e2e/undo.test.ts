// A mistake and its undo, as clients of Redis see it through a real Envoy: what is refused, staged or looked at touches
// nobody, what is rolled back serves again.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

for (const version of envoyReleases) {
  test(`Envoy ${version}: a forced mistake is undone on connections that stay open`, async (t) => {
    const listenerPort = await freePort();
    const servers = await Promise.all([startRedis(t), startRedis(t)]);
    const [first, second] = servers.map(({ port }) => `127.0.0.1:${port}`) as [string, string];
    for (const [index, { direct }] of servers.entries()) await direct.ask('SET', 'sess:server', `server-${index}`);
    const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
    const cli = async (...words: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await runInProcess([...words, '--api', controlPlane.api]);
      assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
      return stdout;
    };
    const refused = async (...words: readonly string[]): Promise<string> => {
      const { status, stderr } = await runInProcess([...words, '--api', controlPlane.api]);
      assert.equal(status, 1, words.join(' '));
      return stderr;
    };

    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const bootstrap = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports);
    const envoy = await startEnvoy(t, bootstrap, { version });
    await envoy.untilStreams('open');

    await cli('cluster', 'add', 'sessions', '--prefix', 'sess:');
    await cli('endpoint', 'add', 'sessions', first);
    assert.match(await cli('commit', '--wait', '10s'), /^committed revision 1: 1 of 1 in sync/u);
    const redis = await waitUntil('the Redis listener is there', () => connectRedis(t, listenerPort));
    const get = (): Promise<string> => redis.ask('GET', 'sess:server');
    const untilGets = async (reply: string): Promise<void> => {
      await waitUntil(`Redis answers ${reply}`, async () => (await get()) === reply);
    };
    await untilGets('"server-0"');

    // Staged, planned and refused: no client notices.
    await cli('endpoint', 'remove', 'sessions', first);
    assert.match(await cli('plan'), /^refused without --force: takes the last endpoint/mu);
    assert.match(await refused('commit', '--wait', '10s'), /takes the last endpoint of cluster "sessions"/u);
    const pushes = async (): Promise<number> => {
      const stats = await envoy.stats('^(?:cluster_manager\\.cds|cluster\\.sessions)\\.update_success$');
      return [...stats.values()].reduce((sum, each) => sum + each, 0);
    };
    const pushed = await pushes();
    assert.equal(await get(), '"server-0"');

    assert.match(await cli('commit', '--force', '--wait', '10s'), /^committed revision 2: 1 of 1 in sync/u);
    assert.ok((await pushes()) > pushed);
    await untilGets('(error) no upstream host');

    // Meanwhile a colleague stages the right thing; the rollback neither publishes nor loses it.
    await cli('endpoint', 'add', 'sessions', second);
    assert.match(await cli('rollback', '--wait', '10s'), /^rolled back to revision 1, as revision 3: 1 of 1 in sync/u);
    await untilGets('"server-0"');
    assert.deepEqual(await envoy.hosts('sessions'), [first]);
    assert.match(await cli('commit', '--wait', '10s'), /^committed revision 4: 1 of 1 in sync/u);
    await untilGets('"server-1"');
    assert.deepEqual(await envoy.hosts('sessions'), [second]);

    // A restart keeps history and undo.
    await controlPlane.kill();
    await controlPlane.comeBack();
    assert.match(await cli('rollback', '1'), /^rolled back to revision 1, as revision 5$/mu);
    await envoy.untilHosts('sessions', [first]);
    await untilGets('"server-0"');

    assert.equal(redis.isClosed, false);
    const rejected = await envoy.stats('\\.update_rejected$');
    assert.deepEqual([...new Set(rejected.values())], [0]);
  });
}
