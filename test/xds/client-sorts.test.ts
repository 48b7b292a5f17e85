import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClientSorts } from '../../src/xds/client-sorts.ts';

interface Subject {
  readonly told: string[];
  readonly note: (id: string, version: string, group?: string, isGiven?: boolean) => void;
  readonly forget: () => void;
}

function create(): Subject {
  const told: string[] = [];
  const sorts = new ClientSorts(({ node }) => void told.push(node.id));
  return {
    told,
    forget: () => sorts.forget(),
    note: (id, userAgentVersion, group = '', isGivenSecrets = true) => {
      sorts.note({ node: { id, cluster: group, userAgentName: 'envoy', userAgentVersion }, group, isGivenSecrets });
    },
  };
}

test('the first of each release, group and sort of connection is told of, once', () => {
  const { told, note } = create();
  note('a', '1.40.0');
  note('b', '1.40.0');
  note('c', '1.36.2');
  note('d', '1.36.2', 'edge');
  note('e', '1.36.2', 'edge', false);
  for (const id of ['c', 'd', 'e']) note(id, '1.36.2', id === 'c' ? '' : 'edge', id !== 'e');
  assert.deepEqual(told, ['a', 'c', 'd', 'e']);
});

test('clients that say ever something else are told of up to a bound', () => {
  const { told, note } = create();
  for (let index = 0; index < 10_010; index += 1) note(`n${index}`, `1.0.${index}`);
  assert.equal(told.length, 10_000);
});

test('after a commit it is told of those who come then, each sort once again', () => {
  const { told, note, forget } = create();
  note('a', '1.26.0');
  forget();
  for (const id of ['a', 'b']) note(id, '1.26.0');
  note('c', '1.40.0');
  assert.deepEqual(told, ['a', 'a', 'c']);
});
