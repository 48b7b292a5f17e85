// An entry as a row; that what is rendered is read back, log-store.test.ts shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { emptyState, numberEntry } from '../../src/store/fold.ts';
import { parseEntryRow, renderEntryBody } from '../../src/store/entry-row.ts';
import { drain, put, remove } from './clusters.ts';
import { commit, discard, order, stage } from './entries.ts';

const a = '{"name":"a","prefix":"/a","endpoints":[{"address":"192.0.2.1","port":1}]}';
const bodies = [
  [
    stage(put('a', 1), remove('b')),
    `{"edits":{"clusters":[{"name":"a","after":${a}},{"name":"b","after":null}],"listeners":[]}}`,
  ],
  [discard({ kind: 'listener', name: 'l' }), '{"objects":[{"kind":"listener","name":"l"}]}'],
  [
    commit(7, [], { rollbackTo: 3, draining: [drain('a', 5)], routes: undefined }),
    '{"revision":7,"message":"revision 7","rollback_to":3,"edits":{"clusters":[],"listeners":[]},' +
      `"draining":[{"name":"a","after":{"until_ms":5,"was_catch_all":false,"cluster":${a}}}]}`,
  ],
  [
    { ...order('drain', 'a', '192.0.2.1:1'), untilMs: 5, message: 'm' },
    '{"order":"drain","cluster":"a","server":"192.0.2.1:1","until_ms":5,"message":"m"}',
  ],
  [order('enable', 'a', '192.0.2.1:1'), '{"order":"enable","cluster":"a","server":"192.0.2.1:1"}'],
] as const;
for (const [entry, body] of bodies) {
  test(`the body of a ${entry.type}`, () => assert.equal(renderEntryBody(numberEntry(emptyState, entry)), body));
}

const unknownField = '{"name":"a","after":{"name":"a","b":1}}';
const noEdits = '"edits":{"clusters":[],"listeners":[]}';
const bad: readonly (readonly [type: string, body: string, reason: RegExp])[] = [
  ['stage', '{', /^no JSON$/],
  ['stage', '[]', /^no JSON object$/],
  ['stage', '{}', /^no JSON object$/],
  ['stage', '{"edits":{"clusters":[]}}', /^listeners is no list$/],
  ['stage', '{"edits":{"clusters":[{"after":null}],"listeners":[]}}', /^name is no text$/],
  ['stage', `{"edits":{"clusters":[${unknownField}],"listeners":[]}}`, /^\/b 1: no such field$/],
  ['stage', `{"edits":{"clusters":[],"listeners":[${unknownField}]}}`, /^\/b 1: no such field$/],
  ['discard', '{"objects":{}}', /^objects is no list$/],
  ['discard', '{"objects":[{"kind":"route","name":"a"}]}', /^kind is none of cluster, listener, secret$/],
  ['commit', `{"message":"",${noEdits},"draining":[]}`, /^revision is no number$/],
  ['commit', `{"revision":1,${noEdits},"draining":[]}`, /^message is no text$/],
  ['commit', `{"revision":1,"message":"",${noEdits}}`, /^draining is no list$/],
  ['commit', `{"revision":1,"message":"",${noEdits},"draining":[{"name":"a","after":{}}]}`, /^until_ms is no number$/],
  ['commit', `{"revision":1,"message":"",${noEdits},"draining":[],"routes":{}}`, /^old is no list$/],
  ['order', '{}', /^order is none of drain, undrain, disable, enable$/],
  ['order', '{"order":"drain","server":"s"}', /^cluster is no text$/],
  ['order', '{"order":"drain","cluster":"c"}', /^server is no text$/],
  ['order', '{"order":"drain","cluster":"c","server":"s","until_ms":"1"}', /^until_ms is no number$/],
  ['order', '{"order":"drain","cluster":"c","server":"s","message":1}', /^message is no text$/],
  ['rename', '{}', /^type "rename" is none of stage, discard, commit, order$/],
];
for (const [type, body, reason] of bad) {
  test(`${type} ${body} is none`, () => {
    assert.throws(() => parseEntryRow({ number: 1, at_ms: 1, author: '', type, body }), { message: reason });
  });
}
