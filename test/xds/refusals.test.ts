import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Difference } from '../../src/snapshot/difference.ts';
import { Holding } from '../../src/snapshot/holding.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import { Refusals } from '../../src/xds/refusals.ts';

/** Contents by name; '' of what does not exist. */
type Contents = Readonly<Record<string, string>>;

function versionOf(name: string, content: string): string {
  return content === '' ? '' : new Resource(name, Buffer.from(content)).version;
}

function saying(contents: Contents): Difference {
  const there = Object.entries(contents).filter(([, content]) => content !== '');
  return {
    changed: there.map(([name, content]) => new Resource(name, Buffer.from(content))),
    changedNames: there.map(([name]) => name),
    absent: [],
    removed: Object.keys(contents).filter((name) => contents[name] === ''),
    sizeBound: 0,
  };
}

/** What was sent is told of in contents: `refuse({ a: '1' })` is sent, too. */
class Client {
  readonly #refusals = new Refusals();

  send(contents: Contents): this {
    this.#refusals.noteSent(saying(contents));
    return this;
  }

  accept(contents: Contents): this {
    this.send(contents);
    this.#refusals.noteAccepted(saying(contents));
    return this;
  }

  refuse(contents: Contents, isRemovalSaid = true, ...newer: readonly Contents[]): this {
    for (const each of [contents, ...newer]) this.send(each);
    this.#refusals.noteRefused(saying(contents), isRemovalSaid, newer.map(saying));
    return this;
  }

  /** What is sent again when this is all there is of what the client wants; `undefined` of what it does not want. */
  again(now: Readonly<Record<string, string | undefined>>): string {
    return this.#refusals
      .takeMended((name) => {
        const content = now[name];
        return content === undefined ? undefined : versionOf(name, content);
      })
      .join(' ');
  }
}

describe('what was refused is sent again', () => {
  test('when one of it changes, goes or is dropped, and once', () => {
    for (const b of ['2', '', undefined]) {
      const client = new Client().refuse({ a: '1', b: '1', c: '1' });
      assert.equal(client.again({ a: '1', b: '1', c: '1' }), '');
      assert.equal(client.again({ a: '1', b, c: '1' }), 'a c');
      assert.equal(client.again({ a: '1', b, c: '2' }), '');
    }
  });

  test('with removals in it', () => {
    const client = new Client().refuse({ a: '1', gone: '' });
    assert.equal(client.again({ a: '1', gone: '' }), '');
    assert.equal(client.again({ a: '2', gone: '' }), 'gone');
    assert.equal(client.refuse({ a: '2', gone: '' }).again({ a: '2', gone: '1' }), 'a');
  });

  test('but not because of a removal that it did not say', () => {
    const client = new Client().refuse({ a: '1', gone: '' }, false);
    assert.equal(client.again({ a: '1', gone: '1' }), '');
    assert.equal(client.again({ a: '2', gone: '' }), '');
  });

  test('response by response', () => {
    const client = new Client().refuse({ a: '1', b: '1' }).refuse({ c: '1', d: '1' });
    assert.equal(client.again({ a: '2', b: '1', c: '1', d: '1' }), 'b');
    assert.equal(client.again({ a: '3', b: '1', c: '1', d: '2' }), 'c');
  });

  test('once, though it was refused twice', () => {
    const client = new Client().refuse({ a: '1', b: '1' }).refuse({ a: '1', b: '1' });
    assert.equal(client.again({ a: '2', b: '1' }), 'b');
  });

  test('as far as no newer response says it, accepted, refused or not yet answered', () => {
    const both = { a: '1', b: '1', c: '1' };
    assert.equal(new Client().refuse(both).send({ a: '1' }).again({ ...both, b: '2' }), 'c');
    assert.equal(new Client().refuse(both).accept({ a: '1' }).again({ ...both, b: '2' }), 'c');
    assert.equal(new Client().refuse(both, true, { a: '1' }, { c: '1' }).again({ ...both, a: '2' }), 'b');
    assert.equal(new Client().refuse(both).refuse({ a: '1' }).again({ ...both, b: '2' }), 'c');
    assert.equal(new Client().refuse(both).send(both).again({ ...both, b: '2' }), '');
  });

  test('at once, when one of it has changed before the refusal came', () => {
    const client = new Client().refuse({ a: '1', b: '1' }, true, { a: '2' });
    assert.equal(client.again({ a: '2', b: '1' }), 'b');
  });

  test('at once, when one of it had changed before the refusal came, and has changed back', () => {
    const now = { a: '1', b: '1' };
    for (const a of ['2', '']) {
      assert.equal(new Client().refuse(now, true, { a }, { a: '1' }).again(now), 'b');
    }
  });

  test('not because it was said once more, as it was, before the refusal came', () => {
    assert.equal(new Client().refuse({ a: '1', b: '1' }, true, { a: '1' }).again({ a: '1', b: '1' }), '');
  });

  test('when one of it changes that was refused once more by itself', () => {
    const client = new Client().refuse({ a: '1', b: '1' }).refuse({ a: '1' });
    assert.equal(client.again({ a: '2', b: '1' }), 'b');
  });

  test('not when one of it changes that was accepted since', () => {
    const client = new Client().refuse({ a: '1', b: '1', c: '1' }).accept({ a: '1' });
    assert.equal(client.again({ a: '2', b: '1', c: '1' }), '');
    assert.equal(client.again({ a: '2', b: '2', c: '1' }), 'c');
  });
});

test('what is absent is said to be none', () => {
  const options = { typeUrl: 'type.googleapis.com/any', apiVersion: 'v3' } as const;
  const set = ResourceSet.of({ ...options, placeholder: () => Buffer.from('none') }, []);
  const view = set.view(new SubscriptionTable().intern(false, ['missing']));
  const refusals = new Refusals();
  refusals.noteRefused(view.differenceFrom(Holding.nothing), false, []);
  assert.deepEqual(refusals.takeMended(() => ''), []);
  assert.deepEqual(refusals.takeMended(() => undefined), []);
});
