// What came of the client libraries, as tables of Markdown in a language of the documents.

import { renderMarkdownTable } from '../markdown-table.ts';
import { fullName } from './libraries.ts';
import type { Result } from './library-runs.ts';
import { connecting, listenerKinds, probesAt } from './probes.ts';
import type { Language, ListenerKind, Probe } from './probes.ts';
import type { LibraryResults } from './results.ts';

interface Words {
  readonly tried: string;
  readonly library: string;
  readonly listener: (kind: ListenerKind) => string;
  readonly works: string;
  readonly silent: string;
  readonly missing: string;
  readonly after: (error: string) => string;
  readonly helps: (setting: string) => string;
  readonly between: string;
  /** For a failure that stands in the column before. */
  readonly again: string;
}

const wordsOf: Readonly<Record<Language, Words>> = {
  en: {
    tried: 'What it does',
    library: 'Library',
    listener: (kind) => `\`${kind}\` listener`,
    works: 'works',
    silent: 'no answer',
    missing: 'has none',
    after: (error) => `works, after ${error}`,
    helps: (setting) => `works with ${setting}`,
    between: '; ',
    again: 'the same',
  },
  'zh-CN': {
    tried: '做什么',
    library: '库',
    listener: (kind) => `\`${kind}\` 监听器`,
    works: '可用',
    silent: '没有答复',
    missing: '没有此功能',
    after: (error) => `先报 ${error}，然后可用`,
    helps: (setting) => `设 ${setting} 后可用`,
    between: '；',
    again: '同左',
  },
};

/** By the names of their blocks: `libraries-redis`, `libraries-tcp`, `libraries-older`. */
export function renderLibraryTables({ newest, older }: LibraryResults, language: Language): Map<string, string> {
  const words = wordsOf[language];
  const tables = listenerKinds.map((kind) => {
    const columns = [words.tried, ...newest.map(fullName)];
    const rows = probesAt(kind).map((probe) => ({
      title: probe.title[language],
      cells: showResults(newest.map((library) => library[kind][probe.name]), probe, language),
    }));
    return [`libraries-${kind}`, renderMarkdownTable(columns, joinEqual(rows))] as const;
  });
  const rows = older.map((library) => [
    fullName(library),
    ...showResults(listenerKinds.map((kind) => library[kind]), connecting, language),
  ]);
  const olderTable = renderMarkdownTable([words.library, ...listenerKinds.map(words.listener)], rows);
  return new Map([...tables, ['libraries-older', olderTable]]);
}

interface Row {
  readonly title: string;
  readonly cells: readonly string[];
}

/** Rows with the same cells become one, where the first of them stands. */
function joinEqual(rows: readonly Row[]): string[][] {
  const joined = new Map<string, { titles: string[]; cells: readonly string[] }>();
  for (const { title, cells } of rows) {
    const key = JSON.stringify(cells);
    const row = joined.get(key) ?? { titles: [], cells };
    row.titles.push(title);
    joined.set(key, row);
  }
  return Array.from(joined.values(), ({ titles, cells }) => [titles.join('<br>'), ...cells]);
}

function showResults(results: readonly (Result | undefined)[], probe: Probe, language: Language): string[] {
  const cells = results.map((result) => showResult(result, probe, language));
  const isFailure = (index: number): boolean => !['works', 'missing'].includes(results[index]!.outcome);
  return cells.map((cell, index) => {
    return cell === cells[index - 1] && isFailure(index) ? wordsOf[language].again : cell;
  });
}

function showResult(result: Result | undefined, probe: Probe, language: Language): string {
  if (result === undefined) throw new Error(`nothing is known of ${probe.name}: npm run compat`);
  const words = wordsOf[language];
  const helps = result.helps === undefined ? [] : [words.helps(code(result.helps))];
  return [showOutcome(result, probe, language), ...helps].join(words.between);
}

function showOutcome(outcome: Result, probe: Probe, language: Language): string {
  const words = wordsOf[language];
  switch (outcome.outcome) {
    case 'works':
      return outcome.after === undefined ? words.works : words.after(code(outcome.after));
    case 'wrong':
      if (probe.wrong === undefined) throw new Error(`${probe.name} came out wrong, and there are no words for it`);
      return probe.wrong[language];
    case 'error':
      return code(outcome.error);
    case 'silent':
      return [words.silent, ...(outcome.event === undefined ? [] : [code(outcome.event)])].join(words.between);
    case 'missing':
      return words.missing;
  }
}

function code(text: string): string {
  return `\`${text}\``;
}
