// The architecture as a check: which part may import which, and which packages. Imports go one way,
// from what serves to what is served; only daemon.ts, which main.ts starts, knows all parts.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import { checkoutPath } from './support/checkout.ts';

/**
 * A part is a folder of src/, or one file that lies beside the folders. Each part: what of src/ it may import, as
 * parts or single files. All that is left out is refused, and so is a part that is not here.
 */
const ALLOWED_PARTS: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli/commands.ts', 'cli/context.ts', 'cli/run.ts', 'daemon.ts', 'process'],
  'daemon.ts': [
    'api',
    'commit',
    'events',
    'failover',
    'metrics',
    'net',
    'process',
    'secrets',
    'snapshot',
    'store',
    'watch',
    'xds',
  ],
  process: ['net/address.ts', 'text'],
  // What happens is told by whoever sees it, and kept; it knows none of them.
  events: [],
  net: [],
  text: [],
  collections: [],
  // Commands talk to a running daemon from outside: they know what it answers, and nothing of its inside.
  cli: ['api/v2/messages.ts', 'config-file', 'events/event.ts', 'model', 'net/address.ts', 'process/arguments.ts', 'process/failure.ts', 'text'],
  // The API stages changes and commits, tells errors apart, and shows what the streams know; it never looks behind that.
  api: [
    'commit',
    'config-file',
    'events',
    'failover',
    'inventory/change.ts',
    'inventory/draining.ts',
    'inventory/edits.ts',
    'inventory/errors.ts',
    'model',
    'net',
    'proto/json-message.ts',
    'secrets/key-file.ts',
    'secrets/vault.ts',
    'snapshot',
    'text',
    'watch',
    'xds',
  ],
  commit: [
    'collections',
    'effective',
    'events/event.ts',
    'failover',
    'inventory',
    'model',
    'net/address.ts',
    'orders',
    'render',
    'snapshot',
    'store',
    'text',
  ],
  // What is declared with what is ordered and seen laid over it.
  effective: ['collections', 'inventory', 'model', 'net/address.ts', 'orders', 'text/duration.ts'],
  // Who takes the writes of a replicated cluster, and which seeds a Redis Cluster has.
  failover: [
    'collections',
    'effective',
    'events/event.ts',
    'model',
    'net/address.ts',
    'text/name-some.ts',
    'watch',
  ],
  // What was told to happen with servers now.
  orders: ['collections', 'inventory/cluster.ts', 'model', 'net/address.ts'],
  render: ['collections', 'inventory', 'model', 'net/address.ts', 'proto', 'snapshot', 'text'],
  store: ['events', 'inventory', 'model', 'net/ip-address.ts', 'orders'],
  watch: ['effective', 'events/event.ts', 'inventory/cluster.ts', 'model', 'net', 'text/duration.ts'],
  // Seals what is secret before anybody else sees it.
  secrets: ['model', 'store/log-store.ts'],
  metrics: ['commit/desk.ts', 'commit/published.ts', 'events/event.ts', 'snapshot', 'xds'],
  xds: ['events/event.ts', 'net', 'proto', 'snapshot', 'text/name-some.ts'],
  inventory: ['model', 'net/address.ts', 'net/ip-address.ts'],
  // What can be declared: schemas, their faults, canonical forms and defaults.
  model: ['net', 'text'],
  // Files that say what is declared, as text.
  'config-file': ['model'],
  proto: [],
  snapshot: ['collections'],
};

/** Parts that are pure: all that they may import from elsewhere. */
const ALLOWED_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  inventory: [],
  model: ['zod', 'node:crypto'],
  commit: ['node:crypto'],
  effective: [],
  orders: [],
  render: [],
  snapshot: ['node:crypto', 'protobufjs/minimal.js'],
};

/** Packages that belong to some parts: the rest of src/ must not know that they exist. */
const PACKAGE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  express: ['api'],
  'swagger-ui-dist': ['api'],
  yaml: ['cli', 'config-file'],
  zod: ['api', 'model'],
  'zod-openapi': ['api'],
  '@grpc/grpc-js': ['xds'],
  '@grpc/reflection': ['xds'],
  'grpc-health-check': ['xds'],
  '@grpc/proto-loader': ['proto', 'xds'],
  'node:sqlite': ['store'],
  'prom-client': ['metrics'],
  'node:dns/promises': ['watch'],
  commander: ['cli'],
  '@bomb.sh/tab': ['cli'],
  'get-east-asian-width': ['cli'],
  'pino-pretty': ['process'],
  pino: ['api', 'daemon.ts', 'net', 'process', 'xds'],
};

/** Parts in which the same question must always get the same answer, and what they must not ask for. */
const TIMELESS_PARTS: readonly string[] = ['effective', 'inventory', 'model', 'orders', 'render'];
const CLOCKS_AND_SURROUNDINGS = /\b(Date|performance|process|setTimeout|setInterval|setImmediate|Math\.random)\b/;

interface Source {
  /** Below src/, with slashes. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly source: Source;
  /** Of the line on which the statement begins, from 1. */
  readonly line: number;
  /** Undefined: it is worked out at run time. */
  readonly specifier: string | undefined;
  /** `import type`: gone when the program runs. */
  readonly isTypeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(?<type>type\s)?[^'";]*?\bfrom\s*['"](?<from>[^'"]+)['"]/gm;
const SIDE_EFFECT = /^import\s*['"](?<from>[^'"]+)['"]/gm;
const DYNAMIC = /\b(?:import|require)\s*\(\s*(?:['"](?<from>[^'"]+)['"])?/g;

function findImports(source: Source): Import[] {
  return [STATEMENT, SIDE_EFFECT, DYNAMIC].flatMap((pattern) =>
    Array.from(source.text.matchAll(pattern), ({ index, groups }) => ({
      source,
      line: source.text.slice(0, index).split('\n').length,
      specifier: groups?.['from'],
      isTypeOnly: groups?.['type'] !== undefined,
    })),
  );
}

/** The path below src/ that a relative specifier leads to; undefined for a package. */
function targetOf({ source, specifier }: Import): string | undefined {
  return specifier?.startsWith('.') ? posix.join(posix.dirname(source.path), specifier) : undefined;
}

function partOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function packageOf(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Why the import is refused, or undefined. */
function findFault(each: Import): string | undefined {
  const part = partOf(each.source.path);
  const allowed = ALLOWED_PARTS[part];
  if (allowed === undefined) return `${part} is no known part of src/`;
  if (each.specifier === undefined) return 'no check can tell what it is';
  const target = targetOf(each);
  if (target === undefined) return findPackageFault(part, each.specifier);
  if (partOf(target) === part || allowed.includes(partOf(target)) || allowed.includes(target)) return undefined;
  return `${part} may not import ${target}`;
}

function findPackageFault(part: string, specifier: string): string | undefined {
  const allowed = ALLOWED_PACKAGES[part];
  if (allowed !== undefined && !allowed.includes(specifier)) return `${part} may not import ${specifier}`;
  const owners = PACKAGE_OWNERS[packageOf(specifier)];
  if (owners === undefined || owners.includes(part)) return undefined;
  return `${part} may not import ${specifier}, only ${owners.join(', ')} may`;
}

function describeImport({ source, line, specifier }: Import): string {
  return `src/${source.path}:${line} imports ${specifier ?? 'at run time'}`;
}

function findImportFaults(sources: readonly Source[]): string[] {
  return sources.flatMap(findImports).flatMap((each) => {
    const fault = findFault(each);
    return fault === undefined ? [] : [`${describeImport(each)}: ${fault}`];
  });
}

/** Files that import each other when the program runs, each ring once: `a.ts -> b.ts -> a.ts`. */
function findCycles(sources: readonly Source[]): string[] {
  const targets = new Map(sources.map((source) => [source.path, runtimeTargets(source)]));
  const cycles = new Set<string>();
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.add([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return [...cycles];
}

function runtimeTargets(source: Source): string[] {
  const imports = findImports(source).filter(({ isTypeOnly }) => !isTypeOnly);
  return imports.map(targetOf).filter((target) => target !== undefined);
}

function findImpurities(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => TIMELESS_PARTS.includes(partOf(path)))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const found = CLOCKS_AND_SURROUNDINGS.exec(line.replace(/\/\/.*|^\s*\/?\*.*/, ''));
        return found === null ? [] : [`src/${path}:${index + 1} asks for ${found[0]}`];
      }),
    );
}

function readSources(): Source[] {
  const root = checkoutPath('src');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  return paths
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));
}

describe('in src/', () => {
  const sources = readSources();

  test('imports follow the arrows only', () => assert.deepEqual(findImportFaults(sources), []));

  test('no files import each other in a ring', () => assert.deepEqual(findCycles(sources), []));

  test('what is worked out depends on no clock, no chance and no process', () => {
    assert.deepEqual(findImpurities(sources), []);
  });

  test('every part that the table names is there', () => {
    const parts = new Set(sources.map(({ path }) => partOf(path)));
    assert.deepEqual(Object.keys(ALLOWED_PARTS).filter((part) => !parts.has(part)), []);
  });

  test('the table itself goes one way', () => {
    const table = Object.entries(ALLOWED_PARTS).map(([part, allowed]) => ({
      path: `${part}/part.ts`,
      text: allowed.map((target) => `import '../${partOf(target)}/part.ts';\n`).join(''),
    }));
    assert.deepEqual(findCycles(table), []);
  });
});

describe('the check itself', () => {
  const FAULTS: readonly (readonly [what: string, path: string, text: string, faults: readonly string[]])[] = [
    ['an arrow', 'commit/a.ts', "import { b } from '../render/b.ts';", []],
    ['a neighbour', 'render/a.ts', "import { b } from './b.ts';", []],
    ['one file that is allowed', 'api/a.ts', "import type { C } from '../inventory/change.ts';", []],
    ['a package that nobody owns', 'xds/a.ts', "import protobuf from 'protobufjs/minimal.js';", []],
    [
      'an arrow the other way',
      'inventory/a.ts',
      "// One line of comment.\nimport { b } from '../render/b.ts';",
      ['src/inventory/a.ts:2 imports ../render/b.ts: inventory may not import render/b.ts'],
    ],
    [
      'types only',
      'snapshot/a.ts',
      "import type { B } from '../proto/b.ts';",
      ['src/snapshot/a.ts:1 imports ../proto/b.ts: snapshot may not import proto/b.ts'],
    ],
    [
      'another file of a part of which one file is allowed',
      'api/a.ts',
      "import { Inventory } from '../inventory/inventory.ts';",
      ['src/api/a.ts:1 imports ../inventory/inventory.ts: api may not import inventory/inventory.ts'],
    ],
    [
      'several lines, re-exported',
      'xds/a.ts',
      "export {\n  a,\n  b,\n} from '../store/b.ts';",
      ['src/xds/a.ts:1 imports ../store/b.ts: xds may not import store/b.ts'],
    ],
    [
      'for its side effects',
      'store/a.ts',
      "\n\nimport '../api/b.ts';",
      ['src/store/a.ts:3 imports ../api/b.ts: store may not import api/b.ts'],
    ],
    [
      'at run time',
      'render/a.ts',
      "const b = await import('../store/b.ts');",
      ['src/render/a.ts:1 imports ../store/b.ts: render may not import store/b.ts'],
    ],
    [
      'at run time, from who knows where',
      'xds/a.ts',
      'const b = await import(name);',
      ['src/xds/a.ts:1 imports at run time: no check can tell what it is'],
    ],
    [
      'main.ts',
      'xds/a.ts',
      "import '../main.ts';",
      ['src/xds/a.ts:1 imports ../main.ts: xds may not import main.ts'],
    ],
    [
      'out of src/',
      'main.ts',
      "import '../test/a.ts';",
      ['src/main.ts:1 imports ../test/a.ts: main.ts may not import ../test/a.ts'],
    ],
    [
      'a package in a pure part',
      'inventory/a.ts',
      "import { readFileSync } from 'node:fs';",
      ['src/inventory/a.ts:1 imports node:fs: inventory may not import node:fs'],
    ],
    [
      'express outside the API',
      'xds/a.ts',
      "import express from 'express';",
      ['src/xds/a.ts:1 imports express: xds may not import express, only api may'],
    ],
    [
      'a file of a package that has an owner',
      'store/a.ts',
      "import { a } from '@grpc/grpc-js/a.js';",
      ['src/store/a.ts:1 imports @grpc/grpc-js/a.js: store may not import @grpc/grpc-js/a.js, only xds may'],
    ],
    [
      'anything in a part that is not in the table',
      'helpers/a.ts',
      "import './b.ts';",
      ['src/helpers/a.ts:1 imports ./b.ts: helpers is no known part of src/'],
    ],
  ];
  for (const [what, path, text, faults] of FAULTS) {
    test(`${faults.length === 0 ? 'lets through' : 'refuses'} ${what}`, () => {
      assert.deepEqual(findImportFaults([{ path, text }]), faults);
    });
  }

  test('finds rings of files, but not of their types', () => {
    const a = { path: 'xds/a.ts', text: "import { b } from './b.ts';" };
    const b = { path: 'xds/b.ts', text: "import { c } from './c.ts';" };
    const c = { path: 'xds/c.ts', text: "import { a } from './a.ts';" };
    const cTypes = { path: 'xds/c.ts', text: "import type { A } from './a.ts';" };
    const d = { path: 'xds/d.ts', text: "import './a.ts';" };
    assert.deepEqual(findCycles([d, a, b, c]), ['xds/a.ts -> xds/b.ts -> xds/c.ts -> xds/a.ts']);
    assert.deepEqual(findCycles([d, a, b, cTypes]), []);
    assert.deepEqual(findCycles([{ path: 'e.ts', text: "import './e.ts';" }]), ['e.ts -> e.ts']);
  });

  test('finds clocks in timeless parts, but not in comments or elsewhere', () => {
    const text = '// Date\n/**\n * process\n */\nconst at = Date.now(); // performance\n';
    assert.deepEqual(findImpurities([{ path: 'render/a.ts', text }]), ['src/render/a.ts:5 asks for Date']);
    assert.deepEqual(findImpurities([{ path: 'xds/a.ts', text }]), []);
  });
});
