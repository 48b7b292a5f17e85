// The documents against the code: what they name exists, what exists is named, and both languages say the same.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';

import type { Router } from 'express';

import { createApi } from '../src/api/app.ts';
import { createDiscoveryApi } from '../src/api/discovery.ts';
import { createMetricsApi } from '../src/api/metrics.ts';
import { createV1 } from '../src/api/v1.ts';
import { createDescription } from '../src/api/v2/openapi/document.ts';
import { createV2 } from '../src/api/v2/router.ts';
import { Metrics } from '../src/metrics/metrics.ts';
import { defaultKeepalive } from '../src/xds/server.ts';
import { checkoutPath } from './support/checkout.ts';
import { inEnglishOnly, pages, readDocument as read, readPages, readmes } from './support/documents.ts';
import type { Language } from './support/documents.ts';
import { runCommand } from './support/run-command.ts';

const adrNames = readdirSync(checkoutPath('docs/adr')).toSorted();
const languages: readonly Language[] = ['en', 'zh-CN'];
const adrs = adrNames.map((name) => `adr/${name}`);
const documents = [...pages.flatMap((page) => Object.values(page)), ...[...inEnglishOnly, ...adrs].map((name) => `docs/${name}`)];

// What is longer has its place in docs/.
const maxReadmeLines = 400;

// Named in documents, and made only when something runs.
const madeAtRunTime = ['./data', 'data/', '.cache/'];

describe('what documents name', () => {
  for (const name of documents) {
    const text = read(name);

    test(`${name}: every file exists`, () => {
      const missing = pathsIn(text).filter((path) => !madeAtRunTime.includes(path) && !existsSync(checkoutPath(path)));
      assert.deepEqual(missing, []);
    });

    test(`${name}: every link leads to a file`, () => {
      const targets = Array.from(text.matchAll(/\]\(([^)#]+)/g), ([, target = '']) => target);
      const missing = targets.filter((target) => !existsSync(checkoutPath(normalize(join(dirname(name), target)))));
      assert.deepEqual(missing, []);
    });

    test(`${name}: every link to a part of a page leads to a heading`, () => {
      const links = text.matchAll(/\]\(([^)#:]*)#([^)]+)\)/g);
      const missing = Array.from(links, ([, target = '', anchor = '']) => ({ target, anchor })).filter((link) => {
        const page = link.target === '' ? name : normalize(join(dirname(name), link.target));
        return !anchorsOf(read(page)).includes(link.anchor);
      });
      assert.deepEqual(missing, []);
    });

    test(`${name}: lines of prose are at most 120 characters, and fences are closed`, () => {
      const prose = withoutCode(text).split('\n').filter((line) => !line.startsWith('|'));
      assert.deepEqual(prose.filter((line) => line.length > 120), []);
      assert.equal(text.split('\n```').length % 2, 1);
    });
  }
});

for (const page of ['docs/bounds.md', 'docs/bad-days.md', 'docs/bad-days.zh-CN.md']) {
  test(`${page}: each row has a test`, () => {
    const rows = read(page).split('\n').filter((line) => line.startsWith('| ')).slice(1);
    assert.ok(rows.length > 0);
    assert.deepEqual(rows.filter((row) => !/\| (?:`test\/[\w./-]+\.test\.ts`(?:(?:, |、))?)+ \|$/u.test(row)), []);
  });
}

test('the bound of who is gone without a word is as the server has it', () => {
  const { timeMs, timeoutMs } = defaultKeepalive;
  const bound = `| a ping each ${timeMs / 1_000} s, answered within ${timeoutMs / 1_000} s |`;
  assert.ok(read('docs/bounds.md').includes(bound), bound);
});

describe('the pages for users and the code', () => {
  for (const language of languages) {
    const text = readPages(language);
    const name = `what there is in ${language}`;

    test(`${name} has every flag of --help with its variable and default, and no other`, async () => {
      const flags = await flagsOfHelp();
      assert.ok(flags.size > 2);
      const rows = text.matchAll(/^\| `(--[\w-]+)` \| (?:`(\w+)`)? ?\| (?:`([^`]+)`|[^`|]*?) ?\|/gm);
      const documented = Array.from(rows, ([, flag = '', variable, fallback]) => [flag, { variable, fallback }] as const);
      assert.deepEqual(new Map(documented), flags);
      assert.equal(documented.length, flags.size);
    });

    test(`${name} has every path and method of the REST API, and no other`, () => {
      const cells = Array.from(withoutCode(text).matchAll(/^\|.*$/gm), ([row]) => row.split('|')).flat();
      const calls = cells.flatMap((cell) => /^ `((?:GET|POST|PUT|PATCH|DELETE) \/[^`]+)` $/.exec(cell)?.[1] ?? []);
      assert.deepEqual(calls.toSorted(), callsOfApi());
    });

    test(`${name} has every field that /api/v2 takes or answers, and every code of a warning`, () => {
      const fields = fieldsOfBodies();
      assert.ok(fields.includes('successor') && fields.includes('endpoint-is-listener'));
      const documented = new Set(inlineCode(text));
      assert.deepEqual(fields.filter((field) => !documented.has(field)), []);
    });

    test(`${name} has every metric of the control plane's own, with its labels`, async () => {
      const rows = text.matchAll(/^\| `(controlplane_\w+)` \| ([^|]*)\|/gm);
      const documented = Array.from(rows, ([, metric = '', cell = '']) => [metric, inlineCode(cell).toSorted()]);
      assert.deepEqual(Object.fromEntries(documented), await labelsByMetric());
    });

    test(`${name} says how long a client whose host has vanished stays in the status`, () => {
      const seconds = (defaultKeepalive.timeMs + defaultKeepalive.timeoutMs) / 1_000;
      assert.match(text, new RegExp(`\\b${seconds} (?:seconds|秒)`));
    });

    test(`${name} has every message with which the inventory refuses, word for word`, () => {
      const literals = Array.from(
        read('src/inventory/inventory.ts').matchAll(/new InventoryError\('[a-z-]+', '([^']+)'\)/g),
        ([, message = '']) => message,
      );
      assert.equal(new Set(literals).size, 8);
      for (const message of literals) assert.ok(text.includes(`| \`${message}\` |`), message);
    });

    test(`${name} has the commands of cli.sh as its usage does`, async () => {
      const { stdout } = await runCommand(checkoutPath('cli.sh'), ['--help']);
      const commands = Array.from(stdout.matchAll(/^ +(cli\.sh .+)$/gm), ([, command]) => command);
      assert.ok(commands.length === 5);
      assert.ok(codeBlocks(text).includes(`text\n${commands.join('\n')}\n`));
    });

    test(`${name}: every npm script that it names exists`, () => {
      const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
      const named = new Set(Array.from(text.matchAll(/npm run ([a-z]+)/g), ([, script]) => script ?? ''));
      assert.ok(named.has('soak'));
      for (const script of named) assert.ok(script in scripts, script);
    });

    const readme = readmes[language];

    test(`${readme} can be read in one go`, () => {
      assert.ok(read(readme).trimEnd().split('\n').length <= maxReadmeLines);
    });

    test(`${readme} names the two commands, and everything at the top of the checkout that users may touch`, () => {
      for (const command of ['./controlplane', 'npm cit', 'npm run demo']) {
        assert.ok(codeBlocks(read(readme)).includes(`sh\n${command}\n`), command);
      }
      const files = ['controlplane', 'cli.sh', 'b.yaml', 'Dockerfile', 'docker-compose.yml', 'protos/', 'src/'];
      files.push(...readdirSync(checkoutPath('envoy')).map((file) => `envoy/${file}`));
      files.push(...readdirSync(checkoutPath('deploy')).map((file) => `deploy/${file}`));
      for (const file of files) {
        assert.ok(existsSync(checkoutPath(file)), `${file} exists`);
        assert.ok(read(readme).includes(`\`${file}\``), `${file} is named`);
      }
    });
  }
});

describe('in both languages', () => {
  for (const { en: englishName, 'zh-CN': chineseName } of pages) {
    test(`${englishName} says the same: headings, tables, code blocks and inline code`, () => {
      const [english, chinese] = [read(englishName), read(chineseName)];
      assert.deepEqual(headingLevels(chinese), headingLevels(english));
      assert.deepEqual(tableSizes(chinese), tableSizes(english));
      assert.deepEqual(codeBlocks(chinese), codeBlocks(english));
      assert.deepEqual(inlineCode(chinese).toSorted(), inlineCode(english).toSorted());
    });

    test(`${englishName} and its translation link to each other, and the READMEs to both`, () => {
      const [english, chinese] = [read(englishName), read(chineseName)];
      assert.ok(english.includes(`](${basename(chineseName)})`) && chinese.includes(`](${basename(englishName)})`));
      if (englishName === 'README.md') return;
      assert.ok(read('README.md').includes(`](${englishName})`));
      assert.ok(read('README.zh-CN.md').includes(`](${chineseName})`));
    });
  }
});

describe('ARCHITECTURE.md and the code', () => {
  const architecture = read('docs/ARCHITECTURE.md');

  test('has every part with exactly what it imports', () => {
    const rows = architecture.matchAll(/^\| `src\/([\w-]+)` \| ([^|]+) \|/gm);
    const documented = Array.from(rows, ([, part = '', cell = '']) => [part, inlineCode(cell)] as const);
    const actual = entriesOfSource('folder').map((part) => [part, importsOf(part)] as const);
    assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(actual));
  });

  test('is held to imports of every form', () => {
    const source = `
      import { a } from '../a.ts';
      import type { B } from '../b.ts';
      import '../c.ts';
      export * from '../d.ts';
      const e = (await import('../e.ts')).e;
      import zod from 'zod';
    `;
    assert.deepEqual(relativeImportsIn(source), ['../a.ts', '../b.ts', '../c.ts', '../d.ts', '../e.ts']);
  });

  test('has every file beside the parts', () => {
    const rows = architecture.matchAll(/^\| `src\/([\w-]+\.ts)` \|/gm);
    assert.deepEqual(Array.from(rows, ([, file]) => file).toSorted(), entriesOfSource('file').toSorted());
  });

  test('lists every decision by its title', () => {
    for (const name of adrNames) {
      const [, title] = /^# \d+\. (.+)\n/.exec(read(`docs/adr/${name}`)) ?? [];
      assert.ok(architecture.includes(`- [${name.slice(0, 4)}](adr/${name}) ${title}\n`), name);
    }
  });
});

describe('decisions', () => {
  test('are numbered from 1 without gaps, and each has its three parts', () => {
    for (const [index, name] of adrNames.entries()) {
      const text = read(`docs/adr/${name}`);
      assert.equal(name.slice(0, 4), String(index + 1).padStart(4, '0'));
      assert.match(text, new RegExp(`^# ${index + 1}\\. `));
      assert.deepEqual(text.match(/^## .+$/gm), ['## Context', '## Decision', '## Consequences'], name);
    }
  });

  test('that the source refers to exist', () => {
    const files = readdirSync(checkoutPath('src'), { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => read(`src/${file}`));
    const references = sources.flatMap((source) => Array.from(source.matchAll(/docs\/adr\/(\d{4})/g), ([, id]) => id));
    assert.ok(references.length > 0);
    const known = adrNames.map((name) => name.slice(0, 4));
    assert.deepEqual(references.filter((id) => !known.includes(id ?? '')), []);
  });
});

/** Fenced blocks, each with its language as the first line. */
function codeBlocks(text: string): string[] {
  return Array.from(text.matchAll(/^```(.*?)^```$/gms), ([, block = '']) => block);
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '');
}

function inlineCode(text: string): string[] {
  return Array.from(withoutCode(text).matchAll(/`([^`]+)`/g), ([, code = '']) => code);
}

function headingLevels(text: string): number[] {
  return Array.from(withoutCode(text).matchAll(/^(#+) /gm), ([, marks = '']) => marks.length);
}

/** What a link to each heading says behind its `#`, as GitHub has it. */
function anchorsOf(text: string): string[] {
  return Array.from(withoutCode(text).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
  });
}

/** Columns of each row, in order. */
function tableSizes(text: string): number[] {
  return Array.from(withoutCode(text).matchAll(/^\|.*$/gm), ([row]) => row.split('|').length);
}

/** Inline code that can only be a path below the top folder: it has a slash or a file's ending, and nothing else. */
function pathsIn(text: string): string[] {
  const isPath = /^(?:\.\/)?\.?[a-zA-Z0-9][\w.-]*(?:\/[\w.-]+)*\/?$/;
  const isNamed = /\/|\w\.(?:sh|yaml|yml|ts|mjs|json|md|service|proto)$/;
  return inlineCode(text).filter((code) => isPath.test(code) && isNamed.test(code));
}

/** As the READMEs have them: a flag that takes no value has no variable. */
async function flagsOfHelp(): Promise<Map<string, { variable: string | undefined; fallback: string | undefined }>> {
  const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts'), '--help'];
  const { stdout } = await runCommand(process.execPath, args);
  const entries = stdout.matchAll(/^ {2}--([\w-]+)( [A-Z:]+)?\n.*\n(?: {8}Default: (\S+)\n)?/gm);
  return new Map(
    Array.from(entries, ([, name = '', value, fallback]) => {
      const variable = value && `CONTROLPLANE_${name.toUpperCase().replaceAll('-', '_')}`;
      return [`--${name}`, { variable, fallback }];
    }),
  );
}

/** Every `METHOD /path` that the API answers, sorted; asked of its routers. */
function callsOfApi(): string[] {
  const unused = {} as never;
  const mounts: readonly (readonly [path: string, router: Router])[] = [
    ['', createApi(unused, unused).router],
    ['/api/v1', createV1(unused, unused)],
    ['/api/v2', createV2(unused)],
    ['', createDiscoveryApi(unused)],
    ['', createMetricsApi(unused)],
  ];
  const calls = mounts.flatMap(([path, router]) => callsOf(router).map(([method, rest]) => `${method} ${path}${rest}`));
  return calls.toSorted();
}

/** The names of all fields of the bodies of /api/v2, and the codes of warnings. */
function fieldsOfBodies(): string[] {
  const { components } = createDescription() as { components: object };
  const [, codes = ''] = /\breadonly code:([^;]+);/.exec(read('src/commit/warnings.ts')) ?? [];
  return [...new Set([...propertiesIn(components), ...Array.from(codes.matchAll(/'([^']+)'/g), ([, code = '']) => code)])];
}

/** Of all schemas in a value. */
function propertiesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {} } = value as { properties?: object };
  return [...Object.keys(properties), ...Object.values(value).flatMap(propertiesIn)];
}

function callsOf(router: Router): [method: string, path: string][] {
  return router.stack.flatMap(({ route }) => {
    if (route === undefined) return [];
    // A parameter has braces, in documents; for a colon that begins none Express wants a backslash.
    const path = route.path.replaceAll(/(?<!\\):(\w+)/g, '{$1}').replaceAll('\\', '');
    const methods = route.stack.map(({ method }) => method).filter((method) => method !== undefined);
    return methods.map((method): [string, string] => [method.toUpperCase(), path]);
  });
}

/** The label names of each metric that begins with `controlplane_`, sorted; a histogram's `le` is not one of them. */
async function labelsByMetric(): Promise<Record<string, string[]>> {
  const text = await new Metrics(() => []).scrape();
  const names = Array.from(text.matchAll(/^# TYPE (controlplane_\w+) /gm), ([, name = '']) => name);
  return Object.fromEntries(
    names.map((name) => {
      const [, labels = ''] = new RegExp(`^${name}(?:_count)?\\{(.+)\\} `, 'm').exec(text) ?? [];
      return [name, Array.from(labels.matchAll(/(\w+)="/g), ([, label = '']) => label).toSorted()];
    }),
  );
}

/** The folders of src/, or the files beside them. */
function entriesOfSource(kind: 'folder' | 'file'): string[] {
  return readdirSync(checkoutPath('src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() === (kind === 'folder'))
    .map((entry) => entry.name);
}

/**
 * What a part imports from besides itself, sorted, types and what is loaded later included: parts, and files beside them
 * (`src/net/address.ts`).
 */
function importsOf(part: string): string[] {
  const files = readdirSync(checkoutPath(`src/${part}`), { recursive: true, encoding: 'utf8' });
  const imported = files.filter((file) => file.endsWith('.ts')).flatMap((file) => {
    return relativeImportsIn(read(`src/${part}/${file}`)).map((path) => normalize(join(part, dirname(file), path)).split('/'));
  });
  const names = imported.map(([first = '', ...rest]) => (rest.length === 0 ? `src/${first}` : first));
  return [...new Set(names)].filter((name) => name !== part).toSorted();
}

function relativeImportsIn(source: string): string[] {
  return Array.from(source.matchAll(/\b(?:from |import |import\()'(\.[^']+)'/g), ([, path = '']) => path);
}
