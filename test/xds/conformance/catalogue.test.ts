// The catalogue of xDS scenarios that this folder holds the server to, and the proof that
// each has a test. A test is named by the id of its scenario.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const folder = new URL('.', import.meta.url);

const scenarios: Readonly<Record<string, string>> = {
  // Subscription
  'SUB-01': 'the first request gets the full state',
  'SUB-02': 'a stream of one type implies the type',
  'SUB-03': 'a request before the first snapshot is held',
  'SUB-04': 'a snapshot with nothing of a type is an answer',
  'SUB-05': 'silence while nothing changes',
  'SUB-06': 'only the type that changed is sent',
  'SUB-07': 'a name that is added is answered at an unchanged version',
  'SUB-08': 'names that are missing hold nothing back',
  'SUB-09': 'a name dropped and asked for again is sent again',
  'SUB-10': 'dropping names needs no answer',
  'SUB-11': 'the newest request counts',
  'SUB-12': 'clusters and listeners are full state, endpoints and routes are not',
  'SUB-13': 'no response has a name twice',
  // ACK and NACK
  'ACK-01': 'a NACK is told by its error_detail',
  'ACK-02': 'a NACK is not answered',
  'ACK-03': 'the fix of what was refused is pushed',
  'ACK-04': 'a NACK may bring other names',
  'ACK-05': 'a NACK of one type stops no other',
  'ACK-06': 'ACK and NACK in delta',
  'ACK-07': 'a client that never ACKs',
  // Nonces
  'NON-01': 'a stale nonce is not answered',
  'NON-02': 'names that crossed with a push are not lost',
  'NON-03': 'a nonce belongs to one type of one stream',
  'NON-04': 'a nonce from an earlier stream',
  'NON-05': 'the nonce is known before the write',
  'NON-06': 'a stale nonce in delta does not cancel a change of names',
  // Versions
  'VER-01': 'a version never stands for other content',
  'VER-02': 'the same content in a new snapshot is silence',
  'VER-03': 'delta versions come from the content',
  // Ordering and make before break
  'ORD-01': 'clusters, endpoints, listeners, routes in this order',
  'ORD-02': 'a new cluster before the listener that names it, removals last',
  'ORD-03': 'the order holds when ACKs are late or negative',
  'ORD-04': 'a cluster is not removed under its listener',
  'ORD-05': 'what is inconsistent is not published',
  'ORD-06': 'the order in delta',
  'ORD-07': 'listeners that follow each other fast are merged',
  'ORD-08': 'what listeners route to has a host, whatever way they come',
  // Warming
  'WRM-01': 'endpoints of a changed cluster are sent again',
  'WRM-02': 'a cluster that went and came back gets its endpoints',
  'WRM-03': 'a cluster without endpoints gets an empty assignment',
  'WRM-04': 'endpoints go by the name that was asked for',
  'WRM-05': 'a reconnect while a cluster warms',
  'WRM-06': 'routes that listeners wait for',
  'WRM-07': 'a warming cluster is replaced',
  // Wildcard
  'WLD-01': 'no names at first mean everything',
  'WLD-02': 'no names after names mean nothing',
  'WLD-03': 'the explicit "*"',
  'WLD-04': 'no names of endpoints and routes are not everything',
  'WLD-05': 'delta: a name beside everything',
  'WLD-06': 'a listener asked for by name comes alone',
  // Delta
  'DLT-01': 'the first wildcard request',
  'DLT-02': 'only the difference is sent',
  'DLT-03': 'removed and added back',
  'DLT-04': 'a name that does not exist',
  'DLT-05': 'a name that is held is asked for again',
  'DLT-06': 'dropping names, unknown ones too',
  'DLT-07': 'dropping a name while everything is wanted',
  'DLT-08': 'a reconnect with initial_resource_versions',
  'DLT-09': 'initial_resource_versions in a later request',
  'DLT-10': 'a reconnect that lists everything by name',
  'DLT-11': 'names that come while a response is un-ACKed',
  // On demand
  'OND-01': 'a cluster on demand',
  'OND-02': 'a cluster on demand that was deleted',
  // Stream lifecycle
  'STR-01': 'the node comes in the first request only',
  'STR-02': 'everything is released at the end',
  'STR-03': 'an early error leaves nothing behind',
  'STR-04': 'old and new stream of one node overlap',
  'STR-05': 'a broken stream touches no other',
  'STR-06': 'the server ends streams on purpose',
  'STR-07': 'not ready yet',
  'STR-08': 'half-open connections and pings',
  'STR-09': 'many streams on one connection',
  // Backpressure
  'BKP-01': 'a slow reader delays no other',
  'BKP-02': 'a slow reader gets the newest and grows no memory',
  'BKP-03': 'rapid changes are merged',
  'BKP-04': 'a client that floods requests',
  'BKP-05': 'shared bytes',
  'BKP-06': 'large responses',
  // Bad input
  'BAD-01': 'no type URL on an aggregated stream',
  'BAD-02': 'no node or an empty node id',
  'BAD-03': 'an unknown type URL',
  'BAD-04': 'another type on a stream of one type',
  'BAD-05': 'a type of the other version',
  'BAD-06': 'a message over the limit',
  'BAD-07': 'bytes that are no protobuf',
  'BAD-08': 'malformed node metadata',
  'BAD-09': 'an unknown service or method',
  // Restart behaviour
  'RST-01': 'the first request on a new stream is always answered',
  'RST-02': 'a restart under connected Envoys',
  'RST-03': 'what changed while the server was away',
  'RST-04': 'a snapshot that is gone takes nothing away',
  // Node groups
  'GRP-01': 'Envoys of one group hold the same',
  'GRP-02': 'a node of no group',
  'GRP-03': 'a node is moved to another group',
  'GRP-04': 'v2 and v3 clients of one group',
  // Observability
  'OBS-01': 'sync state per node and type',
  'OBS-02': 'a NACK is visible',
  'OBS-03': 'counters',
  'OBS-04': 'each event is told once',
  // Secrets
  'SDS-01': 'one secret in each response',
  'SDS-02': 'a NACK is of one secret',
  'SDS-03': 'secrets are asked for by name',
  'SDS-04': 'a secret that does not exist',
  'SDS-05': 'secrets before what names them, removals after',
  'SDS-06': 'secrets that come back, and clients that do',
  'SDS-07': 'secrets by polling',
  // Fetch and TTL
  'FET-01': 'a fetch is answered',
  'FET-02': 'nothing new, and bad fetches',
  'FET-03': 'TTL and heartbeats',
};

/** Scenarios without a test, and why. */
const leftOut: Readonly<Record<string, string>> = {
  'FET-03': 'no resource has a TTL: Redis traffic must outlive its control plane',
};

/** A call that registers tests, and the id that begins their title. */
const title = /\b(?:scenario|scenarioOfBoth|test)\(\s*['"`](?<id>[A-Z]{3}-\d{2}) /gu;

/** Ids by which tests in this folder are named. */
function findTestedIds(): ReadonlySet<string> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  const sources = files.map((name) => readFileSync(new URL(name, folder), 'utf8'));
  return new Set(sources.flatMap((source) => Array.from(source.matchAll(title), ({ groups }) => groups?.['id'] ?? '')));
}

const testedIds = findTestedIds();

test('the catalogue has 109 scenarios', () => {
  assert.equal(Object.keys(scenarios).length, 109);
});

for (const [id, what] of Object.entries(scenarios)) {
  if (id in leftOut) continue;
  test(`${id} is tested: ${what}`, () => assert.ok(testedIds.has(id), `no test in this folder is named ${id}`));
}

test('what is left out is in the catalogue, and has no test after all', () => {
  assert.deepEqual(Object.keys(leftOut).filter((id) => !(id in scenarios) || testedIds.has(id)), []);
});

test('no test is named by an id that the catalogue does not have', () => {
  assert.deepEqual([...testedIds].filter((id) => !(id in scenarios)), []);
});
