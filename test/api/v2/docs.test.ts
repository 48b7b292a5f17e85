// The description of the API, and the page that shows it.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';

import type { Router } from 'express';

import { createV2 } from '../../../src/api/v2/router.ts';
import { checkoutPath } from '../../support/checkout.ts';
import { serveDesk } from './serve-desk.ts';

const methods = ['get', 'put', 'post', 'patch', 'delete'];

/** `METHOD /path` of all routes but those of the page. */
function callsOfRouter(router: Router): string[] {
  return router.stack.flatMap(({ route }) => {
    if (route === undefined || route.path.startsWith('/docs')) return [];
    const path = route.path.replaceAll(/:(\w+)/gu, '{$1}');
    return route.stack.flatMap(({ method }) => (method === undefined ? [] : [`${method} ${path}`]));
  });
}

/** Of all depths, but for names of properties, which a page shows none of. */
function schemasIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value).filter(([key]) => key !== 'propertyNames' && key !== 'example');
  return [value as Record<string, unknown>, ...entries.flatMap(([, each]) => schemasIn(each))];
}

test('every call is described, and no other', async (t) => {
  const { call } = await serveDesk(t);
  const { status, body } = await call('GET', '/openapi.json');
  assert.deepEqual([status, body.openapi, body.servers], [200, '3.1.0', [{ url: '/api/v2' }]]);
  const described = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item as object).filter((key) => methods.includes(key)).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(described.toSorted(), callsOfRouter(createV2({} as never)).toSorted());
});

test('every operation has its own name, a summary, and problems in their own media type', async (t) => {
  const { body } = await (await serveDesk(t)).call('GET', '/openapi.json');
  const operations = Object.values(body.paths).flatMap((item) => Object.values(item as Record<string, any>));
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { operationId, summary, responses } of operations) {
    assert.ok(summary.length > 0, operationId);
    for (const [status, { content }] of Object.entries<any>(responses)) {
      if (Number(status) >= 400) assert.deepEqual(Object.keys(content), ['application/problem+json'], operationId);
    }
  }
});

// For text with a pattern the page makes one up, of nothing but signs.
test('text of a body that follows a pattern has an example', async (t) => {
  const { body } = await (await serveDesk(t)).call('GET', '/openapi.json');
  const patterned = schemasIn(body.components).filter(({ pattern }) => pattern !== undefined);
  assert.ok(patterned.length > 0);
  assert.deepEqual(patterned.filter(({ example }) => example === undefined), []);
});

// The page fills it in, and would send it.
test('no parameter that may be left out has an example', async (t) => {
  const { body } = await (await serveDesk(t)).call('GET', '/openapi.json');
  const operations = Object.values(body.paths).flatMap((item) => Object.values(item as Record<string, any>));
  const optional = operations.flatMap(({ parameters = [] }) => parameters).filter(({ required }) => required !== true);
  assert.ok(optional.length > 0);
  assert.deepEqual(optional.filter((each) => each.example !== undefined || each.schema.example !== undefined), []);
});

test('every reference leads to a component', async (t) => {
  const { body } = await (await serveDesk(t)).call('GET', '/openapi.json');
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/gu)].map(([, name]) => name);
  assert.ok(references.includes('PlainCluster'));
  assert.deepEqual(references.filter((name) => name === undefined || !(name in body.components.schemas)), []);
});

describe('the page', () => {
  test('loads nothing but its own files, and says so to the browser', async (t) => {
    const { url, call } = await serveDesk(t);
    const { status, headers, body } = await call('GET', '/docs');
    assert.deepEqual([status, headers.get('content-type')], [200, 'text/html; charset=utf-8']);
    const policy = headers.get('content-security-policy') ?? '';
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
    ]) {
      assert.ok(policy.split('; ').includes(directive), directive);
    }
    const links = [...body.matchAll(/(?:src|href)="([^"]+)"/gu)].map(([, link]) => link);
    assert.equal(links.length, 4);
    for (const link of links) {
      const response = await fetch(new URL(link, `${url}/docs`));
      assert.deepEqual([response.status, response.headers.get('x-content-type-options')], [200, 'nosniff'], link);
      assert.equal(response.headers.get('content-security-policy'), policy);
      assert.ok((await response.arrayBuffer()).byteLength > 0);
    }
    assert.doesNotMatch(body, /<script>|<style>|style=|on\w+=|\/\/|http/u);
  });

  test('asks nobody else, and takes no orders from its address', async (t) => {
    const { body } = await (await serveDesk(t)).call('GET', '/docs/init.js');
    assert.match(body, /validatorUrl: null/u);
    assert.match(body, /queryConfigEnabled: false/u);
    assert.match(body, /url: 'openapi.json'/u);
  });
});

test('what the description needs is loaded when somebody asks for it', () => {
  const files = readdirSync(checkoutPath('src/api'), { recursive: true, encoding: 'utf8' });
  const statically = files.filter((file) => file.endsWith('.ts') && !file.includes('openapi/')).filter((file) => {
    const text = readFileSync(checkoutPath(`src/api/${file}`), 'utf8');
    return /^import [^;]*from '(?:zod-openapi|swagger-ui-dist|\.[^']*openapi\/[^']*)'/mu.test(text);
  });
  assert.deepEqual(statically, []);
});
