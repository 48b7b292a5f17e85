// How what came of client libraries stands in the documents.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderLibraryTables } from '../../scripts/redis-compat/clients/library-table.ts';
import type { Result, Results } from '../../scripts/redis-compat/clients/library-runs.ts';
import { listenerKinds, probesAt } from '../../scripts/redis-compat/clients/probes.ts';
import type { ListenerKind } from '../../scripts/redis-compat/clients/probes.ts';

const works: Result = { outcome: 'works' };

/** All works, but for what is told. */
function library(name: string, version: string, results: Results) {
  const byKind = listenerKinds.map((kind) => {
    return [kind, Object.fromEntries(probesAt(kind).map((probe) => [probe.name, results[probe.name] ?? works]))];
  });
  return { name, version, ...(Object.fromEntries(byKind) as Record<ListenerKind, Results>) };
}

const noProtocol: Result = { outcome: 'silent', event: 'NOPROTO a|b', helps: 'RESP: 2' };

const results = {
  newest: [
    library('one', '1.0.0', {
      connect: noProtocol,
      watch: { outcome: 'wrong' },
      tracking: { outcome: 'missing' },
      cluster: { outcome: 'error', error: 'no cluster' },
      replaced: { outcome: 'works', after: 'end of stream' },
    }),
    library('two', '2.0.0', { watch: { outcome: 'wrong' }, cluster: { outcome: 'error', error: 'no cluster' } }),
  ],
  older: [{ name: 'one', version: '0.9.0', redis: { outcome: 'silent' }, tcp: works } as const],
};

test('a row for each thing that is done, and one for all that come out the same', () => {
  assert.equal(renderLibraryTables(results, 'en').get('libraries-tcp'), `| What it does | one 1.0.0 | two 2.0.0 |
| --- | --- | --- |
| connects with its defaults | no answer; \`NOPROTO a\\|b\`; works with \`RESP: 2\` | works |
| is told to speak RESP3<br>says a password that is asked for<br>says a user name and its password<br>${''
}says a password that nobody asks for<br>says none, the cluster has \`upstream_auth\`<br>pipeline of 10,000<br>${''
}\`MULTI\`, \`EXEC\`<br>subscribes and is told<br>blocking pop<br>script by hash<br>all keys by \`SCAN\`<br>${''
}uses database 1 | works | works |
| \`WATCH\` | protects nothing, no error | the same |
| client-side cache | has none | works |
| its client for a Redis Cluster, which is behind | \`no cluster\` | the same |
| goes on when another server takes over | works, after \`end of stream\` | works |
`);
});

test('older releases, in a table of their own, in each language', () => {
  assert.equal(renderLibraryTables(results, 'zh-CN').get('libraries-older'), `| 库 | \`redis\` 监听器 | \`tcp\` 监听器 |
| --- | --- | --- |
| one 0.9.0 | 没有答复 | 可用 |
`);
});

test('what was never tried is an error', () => {
  const [first] = results.newest;
  const newest = [{ ...first!, tcp: {} }];
  assert.throws(() => renderLibraryTables({ newest, older: [] }, 'en'), {
    message: 'nothing is known of connect: npm run compat',
  });
});
