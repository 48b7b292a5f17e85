// Everything that is declared as a file. In pieces, since it may have a million lines.

import { stringify } from 'yaml';

import type { ConfigEntries } from '../model/objects.ts';
import type { ConfigFormat } from './parse-config-text.ts';

const objectsPerPiece = 50;

/** What parseConfigText reads back as the same objects. Each piece takes some milliseconds. */
export function* formatConfig(config: Lists, format: ConfigFormat): Generator<string> {
  const { clusters, listeners, secrets = [] } = config;
  const lists = [['clusters', clusters], ['listeners', listeners], ['secrets', secrets]] as const;
  // No word of secrets where there are none: such a file leaves them as they are.
  const told = lists.filter(([name, objects]) => name !== 'secrets' || objects.length > 0);
  yield* format === 'json' ? formatJson(told) : formatYaml(told);
}

/** As {@link ConfigEntries}, perhaps with its defaults written out. */
type Lists = { readonly [Name in keyof ConfigEntries]: readonly object[] };

type NamedLists = readonly (readonly [name: string, objects: readonly object[]])[];

function* formatYaml(lists: NamedLists): Generator<string> {
  for (const [name, objects] of lists) {
    yield objects.length === 0 ? `${name}: []\n` : `${name}:\n`;
    for (const some of piecesOf(objects)) yield indent(stringify(some, { lineWidth: 0, schema: 'core' }), '  ');
  }
}

function* formatJson(lists: NamedLists): Generator<string> {
  let before = '{\n';
  for (const [name, objects] of lists) {
    yield `${before}  ${JSON.stringify(name)}: [`;
    let separator = '\n';
    for (const some of piecesOf(objects)) {
      yield separator + some.map((object) => indent(JSON.stringify(object, null, 2), '    ')).join(',\n');
      separator = ',\n';
    }
    yield objects.length === 0 ? ']' : '\n  ]';
    before = ',\n';
  }
  yield '\n}\n';
}

function* piecesOf(objects: readonly object[]): Generator<readonly object[]> {
  for (let start = 0; start < objects.length; start += objectsPerPiece) {
    yield objects.slice(start, start + objectsPerPiece);
  }
}

// Lines end with \n alone: text may hold what JavaScript and Unicode take for the end of one.
function indent(text: string, by: string): string {
  return text.replace(/(^|\n)(?=[^\n])/gu, `$1${by}`);
}
