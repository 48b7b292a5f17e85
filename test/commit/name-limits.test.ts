// What a commit takes of names, so that an Envoy that comes back can name all that it holds. That it can be received is
// tested with the server: test/xds/reconnect.test.ts.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { LocalControl, createMemory } from '../support/local-control.ts';
import type { Memory } from '../support/local-control.ts';
import { defaultOptions } from '../render/examples.ts';
import { describeServed } from './served.ts';


class Subject {
  readonly snapshots = new SnapshotCache();
  warnings: readonly string[] = [];
  readonly #controlPlane: LocalControl;

  constructor({ memory = createMemory(), drainTimeMs = 0 }: { memory?: Memory; drainTimeMs?: number } = {}) {
    this.#controlPlane = new LocalControl(
      {
      snapshots: this.snapshots,
      renderOptions: defaultOptions,
      drainTimeMs,
      onWarnings: (warnings) => {
        this.warnings = warnings.filter(({ code }) => code === 'names-exceed-limits').map(({ message }) => message);
      },
    },
      memory,
    );
  }

  add(names: Iterable<string>): this {
    for (const name of names) this.#controlPlane.stage({ kind: 'add-cluster', name, prefix: `p${(lastPrefix += 1)}:` });
    return this;
  }

  remove(names: Iterable<string>): this {
    for (const name of names) this.#controlPlane.stage({ kind: 'remove-cluster', name });
    return this;
  }

  addEndpoint(cluster: string): this {
    this.#controlPlane.stage({ kind: 'add-endpoint', cluster, address: '10.0.0.1', port: 6379 });
    return this;
  }

  /** What the commit is refused with; undefined when it is not. */
  commit(): string | undefined {
    try {
      this.#controlPlane.commit();
      return undefined;
    } catch (error) {
      assert.equal((error as Error).name, 'CommitError');
      return (error as Error).message;
    }
  }

  close(): void {
    this.#controlPlane.close();
  }
}

let lastPrefix = 0;

function numbered(count: number, prefix = 'c', bytes = 0): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`.padEnd(bytes, 'x'));
}

/** A memory that an older release filled. */
function memoryOf(names: readonly string[]): Memory {
  const clusters = names.map((name, index): Cluster => ({ name, prefix: `old${index}:`, endpoints: [] }));
  const state = { ...createMemory().last(), revision: 1, committed: { clusters, listeners: [], secrets: [] } };
  return { last: () => state };
}

describe('a name', () => {
  test('of 255 bytes is committed', () => {
    assert.equal(new Subject().add(['x'.repeat(255), '😀'.repeat(63)]).commit(), undefined);
  });

  test('that is longer is refused by cluster, length and rule, and stays staged', () => {
    const subject = new Subject().add(['x'.repeat(256), '😀'.repeat(64)]);
    const refusal =
      `not published: cluster "${'x'.repeat(64)}…": name has 256 bytes, at most 255 are taken; ` +
      `cluster "${'😀'.repeat(32)}…": name has 256 bytes, at most 255 are taken`;
    assert.equal(subject.commit(), refusal);
    assert.equal(subject.commit(), refusal);
    assert.equal(subject.remove(['x'.repeat(256), '😀'.repeat(64)]).commit(), undefined);
  });

  test('among many that are refused may go unnamed: the reason stays one line that can be read', () => {
    const refusal = new Subject().add(numbered(12, 'c', 300)).commit();
    assert.match(refusal ?? '', /"c7x+…": name has 300 bytes, at most 255 are taken; and 2 more$/);
  });
});

describe('clusters', () => {
  const tooMany = /^not published: 50001 clusters, counting those that are replaced or drain: at most 50000 are taken$/;

  test('are as many as 50,000, and not one more', () => {
    const subject = new Subject().add(numbered(50_000));
    assert.equal(subject.commit(), undefined);
    assert.match(subject.add(['more']).commit() ?? '', tooMany);
    // What the same commit removes counts still: an Envoy holds it until it is told.
    assert.match(subject.remove(['c0']).commit() ?? '', tooMany);
    assert.equal(subject.remove(['more']).commit(), undefined);
    assert.equal(subject.add(['more']).commit(), undefined);
  });

  test('count while they drain', () => {
    const subject = new Subject({ drainTimeMs: 60_000 }).add(numbered(50_000));
    assert.equal(subject.commit(), undefined);
    assert.equal(subject.remove(['c0']).commit(), undefined);
    assert.match(subject.add(['more']).commit() ?? '', tooMany);
    subject.close();
  });

  test('have names that come to no more than half of what the server takes in a request', () => {
    const subject = new Subject().add(numbered(15_000, 'c', 255));
    assert.equal(subject.commit(), undefined);
    const refusal = subject.add(numbered(34, 'd', 255)).commit() ?? '';
    assert.match(refusal, /^not published: names of 15034 clusters, .* take 8388972 bytes .*: at most 8388608 are taken$/);
    assert.equal(subject.remove(numbered(34, 'd', 255).slice(0, 1)).commit(), undefined);
  });
});

describe('a stored state that exceeds the limits', () => {
  test('is served, with a warning; what is there can be changed and removed, nothing can be added', () => {
    const long = 'x'.repeat(300);
    const subject = new Subject({ memory: memoryOf([...numbered(50_001), long]) });
    assert.deepEqual(Object.keys(describeServed(subject.snapshots.get(defaultNodeGroup)) ?? {}).length, 50_002);
    assert.deepEqual(subject.warnings, [
      'clusters of an older release exceed what can be added: 1 with a name over 255 bytes; ' +
        '50002 clusters, counting those that are replaced or drain: at most 50000 are taken: ' +
        'Envoys that connect again may be refused',
    ]);
    assert.equal(subject.addEndpoint(long).commit(), undefined);
    assert.equal(subject.remove(['c0']).commit(), undefined);
    assert.match(subject.add(['more']).commit() ?? '', /50002 clusters/);
    assert.equal(subject.remove(['more', ...numbered(3).slice(1)]).commit(), undefined);
    assert.equal(subject.add(['more']).commit(), undefined);
    assert.deepEqual(subject.warnings, [
      'clusters of an older release exceed what can be added: 1 with a name over 255 bytes: ' +
        'Envoys that connect again may be refused',
    ]);
  });

  test('that does not is served without a warning', () => {
    assert.deepEqual(new Subject({ memory: memoryOf(numbered(50_000)) }).warnings, []);
  });
});
