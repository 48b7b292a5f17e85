import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';

import fc from 'fast-check';

import { EventLog } from '../../src/events/event-log.ts';
import type { EventStore } from '../../src/events/event-store.ts';
import type { EventType, NumberedEvent } from '../../src/events/event.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { makeDirectory } from '../store/clusters.ts';
import { openStore, toPlain, twins } from '../store/entries.ts';
import { waitUntil } from '../support/wait-until.ts';

const open = (store: EventStore, failures: unknown[] = []): Promise<EventLog> =>
  EventLog.open({ store, onFailure: (error) => void failures.push(error), nowMs: () => 7 });

const all = { after: 0, limit: 1_000 };
const messagesOf = async (log: EventLog) => (await log.read(all)).events.map(({ message }) => message);

for (const [twin, openTwin] of Object.entries(twins)) {
  describe(`events in the ${twin} store`, () => {
    test('are numbered, and read with their time and without their cause', async (t) => {
      const log = await open(openTwin(t));
      log.note({ type: 'order', atMs: 5.4, cluster: 'a', server: 's', message: 'one', causeMs: 3, data: { n: 1 } });
      log.note({ type: 'commit', message: 'two' });
      assert.deepEqual(await log.read(all), { events: [], through: 0 });
      await log.flush();
      assert.deepEqual(toPlain(await log.read(all)), {
        events: [
          { id: 1, atMs: 5, type: 'order', cluster: 'a', server: 's', message: 'one', data: { n: 1 } },
          { id: 2, atMs: 7, type: 'commit', message: 'two' },
        ],
        through: 2,
      });
    });

    test('are kept by themselves, a moment later, and who follows is told', async (t) => {
      const log = await open(openTwin(t));
      t.after(() => log.close());
      let told = 0;
      const unfollow = log.follow(() => (told += 1));
      log.note({ type: 'order', message: 'one' });
      await waitUntil('it is kept', () => log.last === 1);
      assert.equal(told, 1);
      unfollow();
      log.note({ type: 'order', message: 'two' });
      await log.close();
      assert.deepEqual([log.last, told], [2, 1]);
      log.note({ type: 'order', message: 'too late' });
      await log.close();
      assert.equal(log.last, 2);
    });

    test('are read by what they concern, and how far was looked is told', async (t) => {
      const log = await open(openTwin(t));
      const note = (type: EventType, cluster: string) => log.note({ type, cluster, message: `${type} ${cluster}` });
      note('order', 'a');
      note('commit', 'a');
      note('order', 'b');
      note('nack', 'c');
      await log.flush();
      const read = async (query: object) => {
        const { events, through } = await log.read({ ...all, ...query });
        return [...events.map(({ id }) => id), `to ${through}`];
      };
      assert.deepEqual(await read({ cluster: 'a' }), [1, 2, 'to 4']);
      assert.deepEqual(await read({ type: 'order', limit: 1 }), [1, 'to 1']);
      assert.deepEqual(await read({ type: 'order', after: 1 }), [3, 'to 4']);
    });
  });
}

test('who was further than the numbers are, since they have begun again, is given all there is, and goes on', async () => {
  const log = await open(createMemoryLogStore());
  const read = async (after: number, limit = 10) => {
    const { events, through } = await log.read({ after, limit });
    return [...events.map(({ id }) => id), `to ${through}`];
  };
  assert.deepEqual(await read(5_000), ['to 0']);
  for (const message of ['one', 'two', 'three']) log.note({ type: 'order', cluster: message, message });
  await log.flush();
  assert.deepEqual(await read(3), ['to 3']);
  assert.deepEqual(await read(4), [1, 2, 3, 'to 3']);
  assert.deepEqual(await read(5_000, 2), [1, 2, 'to 2']);
  assert.deepEqual(await read(2), [3, 'to 3']);
});

test('numbers go on after a start, and what was kept survives a process that is killed', async (t) => {
  const directory = makeDirectory(t);
  const killed = openStore(directory);
  const log = await open(killed);
  log.note({ type: 'order', message: 'one' });
  await waitUntil('it is kept', () => log.last === 1);
  // As its files are left when it is killed.
  await killed.close();
  const again = openStore(directory);
  t.after(() => again.close());
  const next = await open(again);
  assert.equal(next.last, 1);
  next.note({ type: 'order', message: 'two' });
  await next.flush();
  assert.deepEqual(await messagesOf(next), ['one', 'two']);
});

test('what clients, Sentinels and servers put in is cut', async () => {
  const log = await open(createMemoryLogStore());
  const long = '兔'.repeat(5_000);
  const list = Array.from({ length: 100 }, () => long);
  log.note({ type: 'sentinel', message: long, data: { long, list, lone: '\ud800' } });
  await log.flush();
  const { events: [event] } = await log.read(all);
  assert.ok(JSON.stringify(event).length < 15_000);
  assert.equal((event?.data?.['list'] as string[]).length, 20);
  assert.equal(event?.data?.['lone'], '\ufffd');
});

test('what can\'t be kept is told all the same, and kept with what comes next', async () => {
  const store = createMemoryLogStore();
  const failures: unknown[] = [];
  let isFull = true;
  const full: EventStore = {
    ...store,
    keepEvents: async (events) => {
      if (isFull) throw new StoreError('the disk is full');
      await store.keepEvents(events);
    },
  };
  const log = await open(full, failures);
  for (const message of ['one', 'two']) {
    log.note({ type: 'order', cluster: message, message });
    await log.flush();
  }
  assert.deepEqual(failures.map(String), ['StoreError: the disk is full']);
  assert.deepEqual(await messagesOf(log), ['one', 'two']);
  assert.deepEqual((await log.read({ ...all, cluster: 'two' })).events.map(({ id }) => id), [2]);
  assert.deepEqual(await log.read({ ...all, limit: 1 }), { events: [{ id: 1, atMs: 7, type: 'order', cluster: 'one', message: 'one', data: undefined }], through: 1 });
  isFull = false;
  log.note({ type: 'order', message: 'three' });
  await log.flush();
  assert.deepEqual((await store.eventsAfter(0, 9)).map(({ message }) => message), ['one', 'two', 'three']);
  assert.deepEqual(await messagesOf(log), ['one', 'two', 'three']);
});

test('page by page, while others are noted and the oldest go, each that is there is read once', async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('note'), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ type: fc.constant('read'), limit: fc.integer({ min: 1, max: 20 }), filter: fc.boolean() }),
    fc.constant({ type: 'fail' } as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = smallStore(50);
      const log = await open(store);
      const read = { all: new Reader(log), b: new Reader(log, 'b') };
      let noted = 0;
      for (const next of steps) {
        if (next.type === 'fail') store.fails = 1;
        else if (next.type === 'read') await (next.filter ? read.b : read.all).read(next.limit);
        else {
          for (let index = 0; index < next.count; index += 1, noted += 1) {
            log.note({ type: 'order', cluster: noted % 3 === 0 ? 'b' : 'a', message: '' });
          }
          // Kept while somebody reads.
          const closing = log.flush();
          await read.all.read(5);
          await closing;
        }
      }
      for (const reader of Object.values(read)) await reader.readToEnd();
      for (const { ids, missed } of Object.values(read)) {
        assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
        assert.deepEqual(missed, []);
      }
    }),
    { numRuns: 50 },
  );
});

/** Reads on from where it was; `missed` are ids that were there, and were passed over. */
class Reader {
  readonly ids: number[] = [];
  readonly missed: number[] = [];
  readonly #log: EventLog;
  readonly #cluster: string | undefined;
  #after = 0;

  constructor(log: EventLog, cluster?: string) {
    this.#log = log;
    this.#cluster = cluster;
  }

  async read(limit: number): Promise<boolean> {
    const before = await this.#everything();
    const { events, through } = await this.#log.read({ after: this.#after, limit, cluster: this.#cluster });
    const ids = events.map(({ id }) => id);
    this.ids.push(...ids);
    this.missed.push(...before.filter(({ id }) => id <= through && !ids.includes(id)).map(({ id }) => id));
    this.#after = through;
    return ids.length === limit;
  }

  async readToEnd(): Promise<void> {
    while (await this.read(7)) await nextRound();
  }

  async #everything(): Promise<readonly NumberedEvent[]> {
    return (await this.#log.read({ after: this.#after, limit: 10_000, cluster: this.#cluster })).events;
  }
}

interface SmallStore extends EventStore {
  /** So many writes fail from now on. */
  fails: number;
}

/** Keeps so few, and answers after the round of the event loop. */
function smallStore(max: number): SmallStore {
  let events: NumberedEvent[] = [];
  const store: SmallStore = {
    fails: 0,
    lastEvent: async () => events.at(-1)?.id ?? 0,
    keepEvents: async (batch) => {
      await nextRound();
      if (store.fails > 0) {
        store.fails -= 1;
        throw new StoreError('full');
      }
      events = [...events, ...batch].slice(-max);
    },
    eventsAfter: async (id, limit, { cluster, type } = {}) => {
      const found = events.filter((event) => {
        return event.id > id && (cluster ?? event.cluster) === event.cluster && (type ?? event.type) === event.type;
      });
      await nextRound();
      return found.slice(0, limit);
    },
  };
  return store;
}
