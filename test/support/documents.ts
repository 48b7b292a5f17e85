// The documents for users, in both languages, as the tests read them.

import { readFileSync, readdirSync } from 'node:fs';

import { checkoutPath } from './checkout.ts';

export type Language = 'en' | 'zh-CN';

export const readmes: Readonly<Record<Language, string>> = { en: 'README.md', 'zh-CN': 'README.zh-CN.md' };

/** Under docs/ and for those who work on the program: in English only. */
export const inEnglishOnly: readonly string[] = ['ARCHITECTURE.md', 'bounds.md'];

/** Each page for users by language, below the top folder: the READMEs first, then those in docs/. */
export const pages: readonly Readonly<Record<Language, string>>[] = [
  readmes,
  ...readdirSync(checkoutPath('docs')).filter(isEnglishPage).map((name) => {
    return { en: `docs/${name}`, 'zh-CN': `docs/${name.replace(/\.md$/, '.zh-CN.md')}` };
  }),
];

export function readDocument(path: string): string {
  return readFileSync(checkoutPath(path), 'utf8');
}

/** All pages of one language, one after the other. */
export function readPages(language: Language): string {
  return pages.map((page) => readDocument(page[language])).join('\n');
}

function isEnglishPage(name: string): boolean {
  return name.endsWith('.md') && !name.endsWith('.zh-CN.md') && !inEnglishOnly.includes(name);
}
