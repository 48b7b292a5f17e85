// The description of /api/v2 as OpenAPI 3.1, of the schemas that check its bodies. Loaded when it is asked for.

import { createDocument } from 'zod-openapi';
import type { ZodOpenApiObject } from 'zod-openapi';

import { backupPaths } from './backup.ts';
import { changePaths } from './changes.ts';
import { fleetPaths } from './fleet.ts';
import { historyPaths } from './history.ts';
import { objectPaths } from './objects.ts';

export function createDescription(): object {
  const description: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'Control plane',
      version: '2',
      description:
        'What is declared for Envoys before Redis. Objects are staged, then committed together as a revision. Errors ' +
        'are problems (RFC 9457): `detail` says why in one line, `faults` names all that is wrong with a body.',
    },
    servers: [{ url: '/api/v2' }],
    tags: [
      { name: 'Objects', description: 'What is declared. All changes are staged.' },
      { name: 'Changes', description: 'From what is staged to what is committed, and back.' },
      { name: 'History', description: 'Who did what, when.' },
      { name: 'Backup', description: 'All of it as one file, and back.' },
      { name: 'Fleet', description: 'The Envoys.' },
      { name: 'About' },
    ],
    paths: { ...objectPaths, ...changePaths, ...historyPaths, ...backupPaths, ...fleetPaths },
  };
  return createDocument(description, { override: ({ jsonSchema }) => dropOptionalDiscriminator(jsonSchema) });
}

// OpenAPI wants a discriminator to be there, and of the kinds one may be left out.
function dropOptionalDiscriminator(schema: object): void {
  const { discriminator } = schema as { discriminator?: { propertyName?: unknown } };
  if (discriminator?.propertyName === 'kind') Reflect.deleteProperty(schema, 'discriminator');
}
