// GET /api/v2/openapi.json, and GET /api/v2/docs, which shows it: served from here, with nothing from anywhere else.

import { fileURLToPath } from 'node:url';

import type { Response, Router } from 'express';
import { refuseMethod } from './refuse-method.ts';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Control plane API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/init.js"></script>
</body>
</html>
`;

// No validator of another host, and nothing that an address could make it show.
const script = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  queryConfigEnabled: false,
});
`;

const files: readonly string[] = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const guard = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

export function addDocs(router: Router): void {
  let description: Promise<string> | undefined;
  router
    .route('/openapi.json')
    .get(async (_request, response) => {
      description ??= describeApi();
      response.type('json').send(await description);
    })
    .all(refuseMethod('GET', 'HEAD'));
  router
    .route('/docs')
    .get((_request, response) => void response.set(guard).type('html').send(page))
    .all(refuseMethod('GET', 'HEAD'));
  router
    .route('/docs/:file')
    .get(({ params: { file } }, response, next) => {
      if (file === 'init.js') response.set(guard).type('text/javascript').send(script);
      else if (files.includes(file)) sendFile(response, file);
      else next('route');
    })
    .all(refuseMethod('GET', 'HEAD'));
}

function sendFile(response: Response, file: string): void {
  const path = fileURLToPath(import.meta.resolve(`swagger-ui-dist/${file}`));
  response.set(guard).sendFile(path, { cacheControl: false });
}

// Some hundred milliseconds, and a package that nothing else needs.
async function describeApi(): Promise<string> {
  const { createDescription } = await import('./openapi/document.ts');
  return JSON.stringify(createDescription());
}
