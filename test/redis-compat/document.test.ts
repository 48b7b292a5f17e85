// How measured tables and sessions get into a document.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderLibraryTables } from '../../scripts/redis-compat/clients/library-table.ts';
import { readLibraryResults } from '../../scripts/redis-compat/clients/results.ts';
import { documents, fillDocument } from '../../scripts/redis-compat/document.ts';
import type { Measured } from '../../scripts/redis-compat/document.ts';

const words = documents.get('docs/redis-through-envoy.md')!;
const unknown = { error: "ERR unknown command 'X'" };

const measured: Measured = {
  tables: {
    keyed: [
      { commands: ['GET', 'OBJECT ENCODING'], outcomes: ['same', 'same', { error: 'no upstream host' }, 'same'] },
      { commands: ['BLPOP'], outcomes: [unknown, unknown, { error: 'no upstream host' }, 'same'] },
    ],
    keyless: [{ commands: ['KEYS'], outcomes: ['same', 'different', 'different', 'same'] }],
    older: [],
  },
  sessions: { select: 'client 1> SELECT 1\nOK' },
  libraries: readLibraryResults(),
};

const libraryTables = renderLibraryTables(measured.libraries, 'en');

const names = ['keyed', 'keyless', 'older', 'select', ...libraryTables.keys()];
const empty = names.map((name) => `<!-- compat ${name} -->\nold\n<!-- /compat -->\n`);

const filled = `Text before.

<!-- compat keyed -->

| Commands | One cluster | Several, with a catch-all | Several, without | \`tcp\` listener |
| --- | --- | --- | --- | --- |
| \`GET\` \`OBJECT ENCODING\` | as Redis | as Redis | \`no upstream host\` | as Redis |
| \`BLPOP\` | \`ERR unknown command 'X'\` | the same | \`no upstream host\` | as Redis |

<!-- /compat -->
<!-- compat keyless -->

| Commands | One cluster | Several, with a catch-all | Several, without | \`tcp\` listener |
| --- | --- | --- | --- | --- |
| \`KEYS\` | as Redis | otherwise | otherwise | as Redis |

<!-- /compat -->
<!-- compat older -->

| Commands | Envoy 1.40 | Envoy 1.36 |
| --- | --- | --- |

<!-- /compat -->
<!-- compat select -->

\`\`\`text
client 1> SELECT 1
OK
\`\`\`

<!-- /compat -->
${Array.from(libraryTables, ([name, table]) => `<!-- compat ${name} -->\n\n${table}\n<!-- /compat -->\n`).join('')}`;

test('every block holds what was measured, and nothing else changes', () => {
  const text = `Text before.\n\n${empty.join('')}`;
  assert.equal(fillDocument(text, words, measured), filled);
  assert.equal(fillDocument(filled, words, measured), filled);
});

test('a block that is missing, twice there, or not measured is an error', () => {
  const [keyed = '', ...others] = empty;
  assert.throws(() => fillDocument(others.join(''), words, measured), { message: 'there is no block for keyed' });
  const cases = [
    ['libraries-older', empty.join('') + empty.at(-1)],
    ['watch', keyed.replace('keyed', 'watch') + others.join('')],
  ] as const;
  for (const [name, text] of cases) {
    const message = `nothing was measured for the block ${name}, or it stands there twice`;
    assert.throws(() => fillDocument(text, words, measured), { message });
  }
});
