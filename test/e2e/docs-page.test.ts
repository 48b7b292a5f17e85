// The page that shows the API, as the real daemon serves it, in a real browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Page } from 'playwright-core';

import { startChromium } from '../support/chromium.ts';
import { startControlPlane } from '../support/controlplane.ts';

// On a busy machine too.
const waitMs = 60_000;

test('a browser shows every operation, asks nobody but the daemon, and has nothing to complain of', async (t) => {
  const { api } = await startControlPlane(t);
  const page = await (await startChromium(t)).newPage();
  page.setDefaultTimeout(waitMs);
  const { requested, complaints } = listen(page);

  await page.goto(`http://${api}/api/v2/docs`);
  await page.locator('.opblock').first().waitFor();
  assert.deepEqual((await operationsOf(page)).toSorted(), (await describedOperations(api)).toSorted());

  // Past some hundred it shows the first dozen alone: small ones stand where they are used.
  const { components } = (await (await fetch(`http://${api}/api/v2/openapi.json`)).json()) as { components: { schemas: object } };
  const schemas = Object.keys(components.schemas);
  await page.locator('.models').getByText(schemas.at(-1) ?? '', { exact: true }).first().waitFor();

  // One that has parameters, a body with an example, and answers; and a schema.
  await page.locator('#operations-Objects-putCluster .opblock-summary-control').click();
  await page.locator('#operations-Objects-putCluster').getByText('"10.0.0.1"').first().waitFor();
  await page.getByRole('button', { name: 'Cluster', exact: true }).click();

  // A violation of the page's policy is an error in the console.
  assert.deepEqual(complaints, []);
  assert.ok(requested.length >= 5);
  assert.deepEqual(requested.filter((url) => !url.startsWith(`http://${api}/`) && !url.startsWith('data:')), []);
});

test('a browser can try an operation out', async (t) => {
  const { api } = await startControlPlane(t);
  const page = await (await startChromium(t)).newPage();
  page.setDefaultTimeout(waitMs);
  const { complaints } = listen(page);
  await page.goto(`http://${api}/api/v2/docs`);
  const operation = page.locator('#operations-Objects-putCluster');
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  await operation.locator('.live-responses-table').waitFor();
  const { status } = await fetch(`http://${api}/api/v2/clusters/sessions`);
  assert.equal(status, 200);
  assert.deepEqual(complaints, []);
});

/** What a page asks for, and what goes wrong in it, from now on. */
function listen(page: Page): { readonly requested: readonly string[]; readonly complaints: readonly string[] } {
  const requested: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (!response.ok()) complaints.push(`${response.url()}: ${response.status()}`);
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return { requested, complaints };
}

/** `METHOD /path` of each, as the page shows them. */
async function operationsOf(page: Page): Promise<string[]> {
  const rows = await page.locator('.opblock-summary').all();
  return Promise.all(
    rows.map(async (row) => {
      const method = await row.locator('.opblock-summary-method').textContent();
      return `${method} ${await row.locator('.opblock-summary-path').getAttribute('data-path')}`;
    }),
  );
}

async function describedOperations(api: string): Promise<string[]> {
  const description = (await (await fetch(`http://${api}/api/v2/openapi.json`)).json()) as { paths: object };
  return Object.entries(description.paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
}
