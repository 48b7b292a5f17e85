import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { formatConfig } from '../../src/config-file/format-config.ts';
import { parseConfigText } from '../../src/config-file/parse-config-text.ts';
import { contentOf } from '../../src/model/canonical.ts';
import type { ConfigEntries } from '../../src/model/objects.ts';
import { parseConfig } from '../../src/model/parse.ts';

const text = (config: ConfigEntries, format: 'json' | 'yaml'): string => [...formatConfig(config, format)].join('');

const some = parseConfig({
  clusters: [{ name: 'a', prefix: 'yes', endpoints: [{ address: '10.0.0.1', port: 6379 }] }],
  listeners: [],
});

test('a file as people write it', () => {
  assert.equal(text(some, 'yaml'), `clusters:
  - name: a
    prefix: yes
    endpoints:
      - address: 10.0.0.1
        port: 6379
listeners: []
`);
  assert.equal(text(some, 'json'), `${JSON.stringify(some, null, 2)}\n`);
});

// What YAML might take for something else, and what JavaScript takes for the end of a line.
const odd = fc.constantFrom('on', '1', '~', '- a', '# a', 'a: b', ' a', 'a ', '"', '\u2028a', 'a\u2029', '\u00a0', '中文', '0x1', '<<', '|');
const name = fc.oneof(odd, fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' })).filter((each) => /^[^\p{Cc}]+$/u.test(each));
const label = fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('a\nb', '\n', ' \n\n a\r\n', 'a\r'));
const cluster = fc.record({
  name,
  prefix: name,
  labels: fc.dictionary(name.filter((each) => each !== '__proto__' && Buffer.byteLength(each) < 64), label, { maxKeys: 3 }),
  endpoints: fc.uniqueArray(fc.record({ address: fc.ipV4(), port: fc.integer({ min: 1, max: 65_535 }) }), { maxLength: 3 }),
}, { requiredKeys: ['name'] });

test('what was written is read back as the same objects, in both formats', () => {
  fc.assert(fc.property(fc.uniqueArray(cluster, { selector: (each) => each.name, maxLength: 120 }), (clusters) => {
    const parsed = clusters.flatMap((each) => {
      try {
        return parseConfig({ clusters: [each] }).clusters;
      } catch {
        return [];
      }
    });
    const config = { clusters: parsed, listeners: [] };
    for (const format of ['json', 'yaml'] as const) {
      const back = parseConfigText(text(config, format), format);
      assert.deepEqual(back.clusters.map(contentOf).toSorted(), parsed.map(contentOf).toSorted());
    }
  }), { numRuns: 60 });
});
