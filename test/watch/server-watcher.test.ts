// One server, watched through whatever befalls it: stand-ins that answer as they are told, and real ones.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { Target } from '../../src/watch/connection.ts';
import { ServerWatcher } from '../../src/watch/server-watcher.ts';
import type { ServerWatcherParts } from '../../src/watch/server-watcher.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { infoText, products } from './products.ts';
import { startStandIn } from './resp-stand-in.ts';
import type { Reaction, StandIn } from './resp-stand-in.ts';

// Far apart, so that a busy machine does not look like a server that is.
const plan = { intervalMs: 100, timeoutMs: 1_000, infoIntervalMs: 10_000, downAfter: 2, upAfter: 2 };
const impatient = { ...plan, timeoutMs: 150 };

interface Watched {
  readonly watcher: ServerWatcher;
  /** Every state that it was in since it was watched, or since {@link forget}. */
  readonly states: string[];
  readonly reasons: (string | undefined)[];
  until(state: string): Promise<unknown>;
  /** Resolves when it was looked at some times more: as often as the stand-in was asked. */
  lookedAt(standIn: StandIn, times: number): Promise<unknown>;
}

function watch(
  t: TestContext,
  target: Partial<Target> | (() => Target),
  terms: ServerWatcherParts['plan'] = plan,
): Watched {
  const states: string[] = [];
  const reasons: (string | undefined)[] = [];
  const findTarget = typeof target === 'function' ? target : () => ({ host: '127.0.0.1', port: 0, ...target });
  const watcher = new ServerWatcher({
    findTarget,
    plan: terms,
    onChange: () => {
      const { state, reason } = watcher.seen;
      if (states.at(-1) !== state) states.push(state);
      reasons.push(reason);
    },
  });
  t.after(() => watcher.close());
  return {
    watcher,
    states,
    reasons,
    until: (state) => waitUntil(`it is ${state}`, () => watcher.seen.state === state),
    lookedAt: (standIn, times) => {
      const before = standIn.commands.length;
      const count = () => standIn.commands.slice(before).filter((command) => command === 'PING').length;
      return waitUntil(`it was looked at ${times} times`, () => count() >= times);
    },
  };
}

const roleOfPrimary = ['master', 7, []] as const;

/** As a server that is well. */
function answerAs(answers: Readonly<Record<string, Reaction>> = {}): StandIn['answer'] {
  const all: Readonly<Record<string, Reaction>> = { PING: 'PONG', ROLE: roleOfPrimary, INFO: 'redis_version:7.0.15', ...answers };
  return (command) => all[command];
}

describe('what is seen of', () => {
  for (const { what, role, info, seen, offset, told } of products) {
    test(what, async (t) => {
      const { port } = await startStandIn(t, answerAs({ ROLE: role, INFO: infoText(info) }));
      const { watcher, until } = watch(t, { port });
      await until('up');
      const { role: name, product, version } = watcher.seen;
      assert.deepEqual([name, product, version], seen);
      assert.equal(watcher.progress.offset, offset);
      const { state, sinceMs, reason, role: word, product: _product, version: _version, answeredAtMs, ...rest } = watcher.seen;
      assert.deepEqual(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)), {
        ...told,
        isUnheard: false,
      });
      assert.ok(answeredAtMs !== undefined && sinceMs > 0);
      assert.deepEqual([state, reason, word], ['up', undefined, name]);
    });
  }

  const uptime = (seconds: number) => infoText({ dragonfly_version: 'df-v1.30.0', role: 'master', uptime_in_seconds: seconds });

  test('one that has no identifier of its run: another run when it was up for less time', async (t) => {
    const standIn = await startStandIn(t, answerAs({ INFO: uptime(100) }));
    const { watcher, until, lookedAt } = watch(t, { port: standIn.port }, { ...plan, infoIntervalMs: 0 });
    await until('up');
    const first = watcher.seen.runId;
    assert.match(first ?? '', /^started at \d+$/);
    standIn.answer = answerAs({ INFO: uptime(101) });
    await lookedAt(standIn, 3);
    assert.equal(watcher.seen.runId, first);
    standIn.answer = answerAs({ INFO: uptime(1) });
    await waitUntil('it is another run', () => watcher.seen.runId !== first);
  });

  test('one that answers INFO no more: only what it says now', async (t) => {
    const standIn = await startStandIn(t, answerAs({ INFO: infoText(products[0]?.info ?? {}) }));
    const { watcher, until } = watch(t, { port: standIn.port }, { ...plan, infoIntervalMs: 0 });
    await until('up');
    assert.equal(watcher.seen.keys, 5);
    standIn.answer = answerAs({ INFO: new Error("NOPERM this user has no permissions to run the 'info' command") });
    await waitUntil('its run is not known', () => watcher.seen.runId === undefined);
    assert.deepEqual([watcher.seen.keys, watcher.seen.history, watcher.seen.role], [undefined, undefined, 'primary']);
    assert.equal(watcher.seen.product, 'redis');
  });

  test('one that never answered: that it was looked at in vain, and often enough', async (t) => {
    const { watcher } = watch(t, { port: await freePort() });
    await waitUntil('it is unheard', () => watcher.seen.isUnheard);
    assert.deepEqual([watcher.seen.state, watcher.seen.reason?.startsWith('refused: ')], ['unknown', true]);
  });
});

describe('a server that', () => {
  const failing: readonly (readonly [what: string, reaction: Reaction, reason: RegExp])[] = [
    ['loads', new Error('LOADING Redis is loading the dataset in memory'), /^busy: LOADING/],
    ['has lost its primary', new Error('MASTERDOWN Link with MASTER is down'), /^busy: MASTERDOWN/],
    ['runs a script without end', new Error('BUSY Redis is busy running a script'), /^busy: BUSY/],
    ['hangs', { bytes: '' }, /^timeout: no answer in 150 ms$/],
    ['answers a byte now and then', { bytes: '$' }, /^timeout: an answer that began and did not end in 150 ms$/],
    ['speaks HTTP', { bytes: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, /^not-redis: /],
    ['answers what it was not asked', 'HELLO', /^not-redis: PING is answered "HELLO"$/],
  ];
  for (const [what, reaction, reason] of failing) {
    test(`${what} goes down, and comes back when it answers`, async (t) => {
      const standIn = await startStandIn(t, answerAs());
      const { watcher, states, until } = watch(t, { port: standIn.port }, impatient);
      await until('up');
      standIn.answer = () => reaction;
      await until('down');
      assert.match(watcher.seen.reason ?? '', reason);
      assert.equal(watcher.seen.role, 'primary');
      standIn.answer = answerAs();
      await until('up');
      assert.equal(watcher.seen.reason, undefined);
      assert.deepEqual(states, ['up', 'suspect', 'down', 'recovering', 'up']);
    });
  }

  const blinding: readonly (readonly [what: string, error: string, reason: RegExp])[] = [
    ['wants a password', 'NOAUTH Authentication required.', /^auth: NOAUTH/],
    ['takes another password', 'WRONGPASS invalid username-password pair or user is disabled.', /^auth: WRONGPASS/],
    ['lets us ask nothing', "NOPERM this user has no permissions to run the 'ping' command", /^denied: NOPERM/],
    ['has all the clients that it takes', 'ERR max number of clients reached', /^failed: ERR max/],
  ];
  for (const [what, error, reason] of blinding) {
    test(`${what} keeps its state, with the reason`, async (t) => {
      const standIn = await startStandIn(t, answerAs());
      const { watcher, states, lookedAt, until } = watch(t, { port: standIn.port });
      await until('up');
      standIn.answer = () => new Error(error);
      await lookedAt(standIn, 3 * plan.downAfter);
      assert.deepEqual(states, ['up']);
      assert.match(watcher.seen.reason ?? '', reason);
    });
  }

  test('hangs up when it is asked for its role is up all the same', async (t) => {
    const standIn = await startStandIn(t, answerAs());
    standIn.answer = (command) => {
      if (command === 'PING') return 'PONG';
      // After the answer has left.
      setTimeout(() => standIn.hangUp(), 20);
      return { bytes: '' };
    };
    const { watcher, states, lookedAt } = watch(t, { port: standIn.port });
    await lookedAt(standIn, 3 * plan.downAfter);
    assert.deepEqual(states, ['up']);
    assert.equal(watcher.seen.role, undefined);
  });

  test('never answered is unknown, and asked less and less often', async (t) => {
    const standIn = await startStandIn(t, () => ({ bytes: 'HTTP/1.1 400 Bad Request\r\n\r\n' }));
    const { watcher, states, lookedAt } = watch(t, { port: standIn.port });
    await lookedAt(standIn, 2 * plan.downAfter);
    assert.equal(watcher.seen.state, 'unknown');
    assert.match(watcher.seen.reason ?? '', /^not-redis: /);
    assert.deepEqual(states, ['unknown']);
  });

  test('closes a connection that was kept is connected to anew, and nothing has happened', async (t) => {
    const standIn = await startStandIn(t, answerAs());
    const { states, lookedAt, until } = watch(t, { port: standIn.port });
    await until('up');
    standIn.hangUp();
    await lookedAt(standIn, 2);
    assert.deepEqual(states, ['up']);
    assert.equal(standIn.connections, 2);
  });

  test('is well is asked on one connection, by INFO at first and when its role changes', async (t) => {
    const standIn = await startStandIn(t, answerAs());
    const { watcher, lookedAt } = watch(t, { port: standIn.port });
    await lookedAt(standIn, 4);
    const infos = () => standIn.commands.filter((command) => command === 'INFO').length;
    assert.deepEqual([standIn.connections, infos()], [1, 1]);
    standIn.answer = answerAs({ ROLE: ['slave', '10.0.0.1', 6379, 'connected', 7] });
    await waitUntil('it is a replica', () => watcher.seen.role === 'replica');
    assert.deepEqual([standIn.connections, infos()], [1, 2]);
  });

  test('hangs has one look under way at most', async (t) => {
    const standIn = await startStandIn(t, () => ({ bytes: '' }));
    const { lookedAt } = watch(t, { port: standIn.port }, { ...impatient, intervalMs: 20 });
    await lookedAt(standIn, 3);
    assert.ok(standIn.commands.filter((command) => command === 'PING').length <= standIn.connections);
  });

  test('is looked at again and again between its turns does not go down for it, and its role is known at once', async (t) => {
    const standIn = await startStandIn(t, answerAs());
    const { watcher, states, until } = watch(t, { port: standIn.port }, { ...plan, intervalMs: 60_000, downAfter: 1 });
    await until('up');
    standIn.answer = answerAs({ ROLE: ['slave', '10.0.0.1', 6379, 'connected', 7] });
    watcher.lookNow();
    await waitUntil('it is a replica', () => watcher.seen.role === 'replica');
    standIn.answer = () => new Error('LOADING');
    const before = standIn.commands.length;
    await waitUntil('it was looked at', () => {
      watcher.lookNow();
      return standIn.commands.length > before + 20;
    });
    assert.deepEqual(states, ['up']);
  });

  test('is asked as another from now on is connected to anew', async (t) => {
    const standIn = await startStandIn(t, (command, word) => (command === 'AUTH' ? 'OK' : answerAs()(command, word)));
    let target: Target = { host: '127.0.0.1', port: standIn.port };
    const { watcher, states, until } = watch(t, () => target);
    await until('up');
    target = { ...target, credentials: { password: 'pw' } };
    watcher.reconnect();
    await waitUntil('it was told a password', () => standIn.commands.includes('AUTH'));
    assert.deepEqual(states, ['up']);
  });

  test('can not be asked keeps its state, with the reason', async (t) => {
    const standIn = await startStandIn(t, answerAs());
    let isMissing = false;
    const found = { host: '127.0.0.1', port: standIn.port };
    const watcher = new ServerWatcher({
      findTarget: () => (isMissing ? { trouble: 'secret', detail: 'watch.password: secret "a" is missing' } : found),
      plan,
      onChange: () => undefined,
    });
    t.after(() => watcher.close());
    await waitUntil('it is up', () => watcher.seen.state === 'up');
    isMissing = true;
    standIn.hangUp();
    await waitUntil('there is a reason', () => watcher.seen.reason === 'secret: watch.password: secret "a" is missing');
    assert.equal(watcher.seen.state, 'up');
  });

  test('is watched no more is not asked, and its connection is closed', async (t) => {
    const standIn = await startStandIn(t, answerAs());
    const { watcher, until } = watch(t, { port: standIn.port });
    await until('up');
    watcher.close();
    watcher.close();
    const before = standIn.commands.length;
    const other = watch(t, { port: standIn.port });
    await other.lookedAt(standIn, 3);
    const others = standIn.commands.slice(before).filter((command) => command === 'INFO');
    assert.deepEqual(others, ['INFO']);
  });
});

describe('a real Redis server', () => {
  test('that hangs goes down, and comes back', async (t) => {
    const redis = await startRedis(t);
    const { watcher, states, until } = watch(t, { port: redis.port }, impatient);
    await until('up');
    assert.deepEqual([watcher.seen.role, watcher.seen.product], ['primary', 'redis']);
    process.kill(redis.child.pid as number, 'SIGSTOP');
    await until('down');
    assert.match(watcher.seen.reason ?? '', /^timeout: no answer in 150 ms$/);
    process.kill(redis.child.pid as number, 'SIGCONT');
    await until('up');
    assert.deepEqual(states, ['up', 'suspect', 'down', 'recovering', 'up']);
  });

  test('that is killed and started again goes down, and comes back', async (t) => {
    const port = await freePort();
    const first = await startRedis(t, port);
    const { watcher, until } = watch(t, { port });
    await until('up');
    process.kill(first.child.pid as number, 'SIGKILL');
    await until('down');
    assert.match(watcher.seen.reason ?? '', /^refused: /);
    await startRedis(t, port);
    await until('up');
  });

  test('that loads its data goes down, and comes back', async (t) => {
    const redis = await startRedis(t, undefined, undefined, ['--enable-debug-command', 'yes']);
    const { watcher, until } = watch(t, { port: redis.port });
    await until('up');
    await redis.direct.ask('DEBUG', 'POPULATE', '200', 'key', '1000');
    await redis.direct.ask('CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
    await redis.direct.ask('CONFIG', 'SET', 'key-load-delay', '20000');
    const isLoaded = redis.direct.ask('DEBUG', 'RELOAD');
    await until('down');
    assert.match(watcher.seen.reason ?? '', /^busy: LOADING/);
    await isLoaded;
    await until('up');
  });

  test('that takes another password from now on keeps its state, and is up with the new one', async (t) => {
    const redis = await startRedis(t);
    await redis.direct.ask('ACL', 'SETUSER', 'watcher', 'on', '>old', '+ping', '+role', '+info');
    const target = { host: '127.0.0.1', port: redis.port };
    let password = 'old';
    const { watcher, states, until } = watch(t, () => ({ ...target, credentials: { username: 'watcher', password } }));
    await until('up');
    await redis.direct.ask('ACL', 'SETUSER', 'watcher', 'resetpass', '>new');
    await redis.direct.ask('CLIENT', 'KILL', 'USER', 'watcher');
    await waitUntil('it is refused', () => watcher.seen.reason?.startsWith('auth: WRONGPASS'));
    password = 'new';
    await waitUntil('it is let in', () => watcher.seen.reason === undefined);
    assert.deepEqual(states, ['up']);
  });
});
