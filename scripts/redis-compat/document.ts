// The documents whose tables and sessions come from real runs: what was measured, as Markdown, and where it stands.
// A block stands between the lines `<!-- compat NAME -->` and `<!-- /compat -->`.

import { renderLibraryTables } from './clients/library-table.ts';
import type { Language } from './clients/probes.ts';
import type { LibraryResults } from './clients/results.ts';
import type { CommandRow, CommandTables, Outcome } from './command-table.ts';
import { renderMarkdownTable } from './markdown-table.ts';

/** The words of the tables in a language of the documents. */
interface Words {
  readonly language: Language;
  readonly columns: { readonly [Table in keyof CommandTables]: readonly string[] };
  readonly same: string;
  readonly different: string;
  /** For an error that stands in the column before. */
  readonly again: string;
}

const english: Words = {
  language: 'en',
  columns: {
    keyed: ['Commands', 'One cluster', 'Several, with a catch-all', 'Several, without', '`tcp` listener'],
    keyless: ['Commands', 'One cluster', 'Several, with a catch-all', 'Several, without', '`tcp` listener'],
    older: ['Commands', 'Envoy 1.40', 'Envoy 1.36'],
  },
  same: 'as Redis',
  different: 'otherwise',
  again: 'the same',
};

const chinese: Words = {
  language: 'zh-CN',
  columns: {
    keyed: ['命令', '一个集群', '多个集群，有兜底集群', '多个集群，没有', '`tcp` 监听器'],
    keyless: ['命令', '一个集群', '多个集群，有兜底集群', '多个集群，没有', '`tcp` 监听器'],
    older: ['命令', 'Envoy 1.40', 'Envoy 1.36'],
  },
  same: '同 Redis',
  different: '不同',
  again: '同左',
};

/** Paths of the documents in the checkout, with the words of each. */
export const documents: ReadonlyMap<string, Words> = new Map([
  ['docs/redis-through-envoy.md', english],
  ['docs/redis-through-envoy.zh-CN.md', chinese],
]);

/** What was measured: the tables of commands, the sessions by their names, the client libraries. */
export interface Measured {
  readonly tables: CommandTables;
  readonly sessions: Readonly<Record<string, string>>;
  readonly libraries: LibraryResults;
}

/** The text with what was measured in its blocks. Throws when it lacks one, or has one that was not measured. */
export function fillDocument(text: string, words: Words, { tables, sessions, libraries }: Measured): string {
  const blocks = new Map(Object.entries(sessions).map(([name, session]) => [name, `\`\`\`text\n${session}\n\`\`\`\n`]));
  for (const [name, rows] of Object.entries(tables)) {
    blocks.set(name, renderTable(words.columns[name as keyof CommandTables], rows, words));
  }
  for (const [name, table] of renderLibraryTables(libraries, words.language)) blocks.set(name, table);
  const filled = text.replaceAll(/^(<!-- compat (\S+) -->\n).*?^(<!-- \/compat -->)$/gms, (_, start, name, end) => {
    const block = blocks.get(name as string);
    if (block === undefined) throw new Error(`nothing was measured for the block ${name}, or it stands there twice`);
    blocks.delete(name as string);
    return `${start}\n${block}\n${end}`;
  });
  if (blocks.size > 0) throw new Error(`there is no block for ${[...blocks.keys()].join(', ')}`);
  return filled;
}

function renderTable(columns: readonly string[], rows: readonly CommandRow[], words: Words): string {
  const lines = rows.map(({ commands, outcomes }) => [
    commands.map((command) => `\`${command}\``).join(' '),
    ...outcomes.map((outcome, index) => showOutcome(outcome, outcomes[index - 1], words)),
  ]);
  return renderMarkdownTable(columns, lines);
}

function showOutcome(outcome: Outcome, before: Outcome | undefined, words: Words): string {
  if (typeof outcome === 'string') return words[outcome];
  const isRepeated = typeof before === 'object' && before.error === outcome.error;
  return isRepeated ? words.again : `\`${outcome.error}\``;
}
