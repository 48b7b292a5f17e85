// Real Sentinels that are asked, heard and followed, through failovers of real servers.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { withAllToWatch, withTopology } from '../../src/effective/topology.ts';
import { followSentinel } from '../../src/failover/follow-sentinel.ts';
import type { Following } from '../../src/failover/following.ts';
import { parseCluster } from '../../src/model/parse.ts';
import type { ReplicatedCluster } from '../../src/model/objects.ts';
import type { FindSecret } from '../../src/watch/find-secret.ts';
import type { NewEvent } from '../../src/events/event.ts';
import { WatcherSet } from '../../src/watch/watcher-set.ts';
import { makeAuthority } from '../support/certificates.ts';
import { readDocument } from '../support/documents.ts';
import { freePort } from '../support/free-port.ts';
import { startSentinel, startWatchedGroup } from '../support/redis-sentinel.ts';
import type { Sentinel } from '../support/redis-sentinel.ts';
import { startRedis } from '../support/redis-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Follows them as the publisher does. */
function follow(t: TestContext, sentinels: readonly string[], fields: object = {}, findSecret: FindSecret = () => undefined) {
  const cluster = parseCluster({
    name: 'a',
    kind: 'replicated',
    failover: { by: 'sentinel', master: 'mymaster', sentinels, ...fields },
    watch: { interval: '300ms', timeout: '1s' },
  }) as ReplicatedCluster;
  const events: NewEvent[] = [];
  /** In the order in which they were published. */
  const primaries: (string | undefined)[] = [];
  let following: Following | undefined;
  const decide = (): void => {
    const [servers, seen] = [set.seen.get('a') ?? new Map(), set.sentinels.get('a') ?? new Map()];
    following = followSentinel(following, cluster, servers, seen, Date.now());
    const { primary } = following.topology;
    if (primaries.at(-1) !== primary) primaries.push(primary);
    set.follow([withAllToWatch(withTopology(cluster, following.topology), cluster, following.strays)]);
  };
  const set = new WatcherSet({ findSecret, onChange: decide, onEvent: (event) => events.push(event) });
  t.after(() => set.close());
  set.follow([cluster]);
  const codes = (): string[] => following?.troubles.map(({ code }) => code) ?? [];
  return {
    set,
    events,
    primaries,
    codes,
    following: () => following,
    untilPrimary: (primary: string) => waitUntil(
      `${primary} is the primary`,
      () => following?.topology.primary === primary,
    ),
    untilTold: (code: string) => waitUntil(`${code} is told of`, () => codes().includes(code)),
  };
}

const addressOf = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`;
const addressesOf = (all: readonly Sentinel[]): string[] => all.map(({ address }) => address);

describe('a group', { concurrency: true }, () => {
  test('is found, and its failover followed as soon as the elected server is promoted', async (t) => {
    const { primary, replicas, sentinels } = await startWatchedGroup(t);
    const { set, events, primaries, codes, following, untilPrimary } = follow(t, addressesOf(sentinels));
    await untilPrimary(addressOf(primary));
    assert.deepEqual(following()?.topology.servers, [primary, ...replicas].map(addressOf).sort());
    await waitUntil('nothing is strange', () => codes().length === 0);
    assert.deepEqual([...(set.sentinels.get('a') ?? [])].map(([address]) => address), addressesOf(sentinels).sort());

    primary.child.signal('SIGKILL');
    await waitUntil('another one is the primary', () => primaries.length > 1);
    const promoted = primaries.at(-1) ?? '';
    assert.ok(replicas.map(addressOf).includes(promoted));
    await waitUntil('all Sentinels name it', () => following()?.epoch === 1);
    // By what they elected, but where the machine was so busy that they named it first.
    const election = /^(?:promoted by 127\.0\.0\.1:\d+, elected|named) by [23] of 3 Sentinels(?: in|,) epoch 1$/;
    assert.match(following()?.why ?? '', election);
    assert.deepEqual(primaries, [addressOf(primary), promoted]);
    const told = (event: string): number => new Set(
      events.filter(({ data }) => data?.['event'] === event).map(({ data }) => data?.['sentinel']),
    ).size;
    await waitUntil('all have switched', () => told('+switch-master') === 3);
    assert.ok(told('+selected-slave') === 1 && told('+vote-for-leader') >= 2, JSON.stringify(events));
    assert.deepEqual(following()?.topology.servers, replicas.map(addressOf).sort());

    // The old one comes back as a primary, until Sentinels make it a replica.
    await startRedis(t, primary.port);
    await waitUntil('it is there again', () => following()?.topology.servers.includes(addressOf(primary)));
    assert.equal(set.seen.get('a')?.get(addressOf(primary))?.role, 'replica');
    assert.deepEqual([following()?.leader, primaries.length], [promoted, 2]);
  });

  test('is followed without one Sentinel, and not by one alone', async (t) => {
    const { primary, sentinels } = await startWatchedGroup(t);
    const [first, second, third] = sentinels as [Sentinel, Sentinel, Sentinel];
    const { primaries, following, untilPrimary, untilTold } = follow(t, addressesOf(sentinels));
    await untilPrimary(addressOf(primary));
    third.child.signal('SIGSTOP');
    await untilTold('sentinel-unreachable');
    assert.equal(following()?.troubles.length, 1);
    await first.direct.ask('SENTINEL', 'FAILOVER', 'mymaster');
    await waitUntil('another one is the primary', () => primaries.length > 1);
    await waitUntil('the epoch is known', () => following()?.epoch === 1);

    const leader = following()?.leader;
    second.child.signal('SIGSTOP');
    await untilTold('sentinel-quorum');
    await waitUntil(
      'it does as it is told',
      async () => (await first.direct.ask('SENTINEL', 'FAILOVER', 'mymaster')) === 'OK',
    );
    await waitUntil('it names another one', async () => {
      return !(await first.direct.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')).includes(
        leader?.split(':')[1] ?? '',
      );
    });
    assert.deepEqual([following()?.leader, primaries.length], [leader, 2]);
    second.child.signal('SIGCONT');
    await waitUntil('two are followed', () => primaries.length > 2);
  });

  test('is followed by Sentinels that have taken the places of all that are declared', async (t) => {
    const { primary, sentinels } = await startWatchedGroup(t);
    const { set, primaries, untilPrimary, following } = follow(t, addressesOf(sentinels));
    await untilPrimary(addressOf(primary));
    const others = await Promise.all([1, 2, 3].map(() => startSentinel(t, primary.port)));
    await waitUntil(
      'the new ones are found',
      () => addressesOf(others).every((each) => set.sentinels.get('a')?.has(each)),
    );
    for (const { child } of sentinels) await child.end('SIGKILL');
    for (const { direct } of others) await direct.ask('SENTINEL', 'RESET', 'mymaster');
    await waitUntil('they stand in', () => following()?.troubles.some(({ message }) => message.includes('stand in')));
    await waitUntil(
      'one fails over',
      async () => (await others[0]?.direct.ask('SENTINEL', 'FAILOVER', 'mymaster')) === 'OK',
    );
    await waitUntil('another one is the primary', () => primaries.length > 1);
  });
});

describe('Sentinels', { concurrency: true }, () => {
  test('that want a password are given it', async (t) => {
    const { primary, sentinels } = await startWatchedGroup(
      t,
      { more: ['requirepass sentinel-pw', 'sentinel sentinel-pass sentinel-pw'], password: 'sentinel-pw' },
    );
    let value = 'wrong';
    const findSecret: FindSecret = () => ({ kind: 'password', value });
    const { untilPrimary, untilTold, following } = follow(
      t,
      addressesOf(sentinels),
      { password: { secret: 'pw' } },
      findSecret,
    );
    await untilTold('sentinel-quorum');
    assert.match(following()?.troubles[0]?.message ?? '', /auth: WRONGPASS/);
    value = 'sentinel-pw';
    await untilPrimary(addressOf(primary));
  });

  test('let in who may do no more than the documentation says, and nobody else', async (t) => {
    const { primary, sentinels } = await startWatchedGroup(t);
    const [, rules = ''] = /ACL SETUSER controlplane on '>pw' ([^`]*?)\n```/u.exec(readDocument('docs/operate.md')) ?? [];
    const words = rules.replaceAll(/['\\]/g, '').split(/\s+/);
    assert.ok(words.length > 5);
    for (const { direct } of sentinels) {
      assert.equal(await direct.ask('ACL', 'SETUSER', 'controlplane', 'on', '>pw', ...words), 'OK');
    }
    const fields = { username: 'controlplane', password: { secret: 'pw' } };
    const findSecret: FindSecret = () => ({ kind: 'password', value: 'pw' });
    const { set, untilPrimary, codes } = follow(t, addressesOf(sentinels), fields, findSecret);
    await untilPrimary(addressOf(primary));
    await waitUntil('all answer, and are heard', () => codes().length === 0);
    const seen = [...(set.sentinels.get('a') ?? [])];
    assert.equal(new Set(seen.map(([, { id }]) => id)).size, 3);
    assert.ok(seen.every(([, { opinion }]) => opinion?.sentinels.length === 2 && opinion.replicas.length === 2));

    const [sentinel] = sentinels;
    await sentinel?.direct.ask('ACL', 'SETUSER', 'controlplane', '-psubscribe', '-sentinel|myid');
    const other = follow(t, addressesOf(sentinels), fields, findSecret);
    await other.untilTold('sentinel-silent');
    await other.untilPrimary(addressOf(primary));
  });

  test('are asked over TLS', async (t) => {
    const authority = makeAuthority();
    const dir = await tempDir(t);
    const own = authority.issue('sentinel', { hosts: ['sentinel.internal'] });
    const path = (name: string): string => join(dir, name);
    for (const [name, text] of [['ca', authority.chain], ['crt', own.chain], ['key', own.key]] as const) {
      await writeFile(path(name), text);
    }
    const tls = ['ca-cert-file', 'cert-file', 'key-file'].map((field, at) => {
      return `tls-${field} ${path(['ca', 'crt', 'key'][at] ?? '')}`;
    });
    const primary = await startRedis(t);
    const ports = await Promise.all([1, 2, 3].map(() => freePort()));
    await Promise.all(ports.map((port) => {
      return startSentinel(t, primary.port, { more: [...tls, 'tls-auth-clients no', `tls-port ${port}`] });
    }));
    const findSecret: FindSecret = () => ({ kind: 'ca', value: authority.chain });
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    const right = follow(t, addresses, { tls: { ca: { secret: 'ca' }, sans: ['sentinel.internal'] } }, findSecret);
    await right.untilPrimary(addressOf(primary));
    const wrong = follow(t, addresses, { tls: { ca: { secret: 'ca' }, sans: ['other.internal'] } }, findSecret);
    await wrong.untilTold('sentinel-quorum');
    assert.match(wrong.following()?.troubles[0]?.message ?? '', /tls: its certificate is for/);
  });

  test('say addresses that others connect to by other ones', async (t) => {
    const { primary, replicas, sentinels } = await startWatchedGroup(t);
    const map = Object.fromEntries(
      [primary, ...replicas].map((server) => [addressOf(server), `localhost:${server.port}`]),
    );
    const { untilPrimary, following } = follow(t, addressesOf(sentinels), { nat_map: map });
    await untilPrimary(`localhost:${primary.port}`);
    assert.deepEqual(following()?.topology.servers, Object.values(map).sort());
  });

  test('do not know the group, are none, or are not there', async (t) => {
    const { primary, sentinels } = await startWatchedGroup(t);
    const unknown = follow(t, addressesOf(sentinels), { master: 'other' });
    await unknown.untilTold('sentinel-master-unknown');
    assert.match(
      unknown.following()?.troubles[0]?.message ?? '',
      /do(?:es)? not know "other": nobody is known to be the primary$/,
    );
    const none = follow(t, [addressOf(primary)]);
    await none.untilTold('sentinel-quorum');
    assert.match(none.following()?.troubles[0]?.message ?? '', /unknown command 'SENTINEL'/i);
  });

  test('that forget what they decided are not followed', async (t) => {
    const { primary, replicas, sentinels } = await startWatchedGroup(t);
    const { untilPrimary, untilTold, following, primaries } = follow(t, addressesOf(sentinels));
    await untilPrimary(addressOf(primary));
    await sentinels[0]?.direct.ask('SENTINEL', 'FAILOVER', 'mymaster');
    await waitUntil('the epoch is known', () => following()?.epoch === 1);
    const { leader } = following() ?? {};
    const other = [primary, ...replicas].find((server) => addressOf(server) !== leader);
    await other?.direct.ask('REPLICAOF', 'NO', 'ONE');
    for (const { direct } of sentinels) {
      await direct.ask('SENTINEL', 'REMOVE', 'mymaster');
      await direct.ask('SENTINEL', 'MONITOR', 'mymaster', '127.0.0.1', `${other?.port}`, '2');
    }
    await untilTold('sentinel-stale');
    assert.deepEqual([following()?.leader, following()?.epoch, primaries.length], [leader, 1, 2]);
  });
});
