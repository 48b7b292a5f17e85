// Parameters and headers that several calls have. The page fills in whatever has an example, so that none that may be
// left out has one.

import { z } from 'zod';

import { maxNameBytes, name } from '../../../model/values.ts';
import { maxPage } from '../page.ts';
import { count } from '../schemas/common.ts';

export const pathName = {
  name: name.meta({ description: 'Percent-encoded.', example: 'sessions', maxLength: maxNameBytes }),
};

export const pathEndpoint = {
  ...pathName,
  endpoint: z.string().meta({ description: 'IP:PORT, [IPV6]:PORT or NAME:PORT, percent-encoded.', example: '10.0.0.1:6379' }),
};

export const viewQuery = {
  view: z
    .enum(['staged', 'committed', 'effective'])
    .optional()
    .describe('Effective: what is committed, with every default written out. Staged unless told.'),
};

export const dryRunQuery = {
  dry_run: z.enum(['true', 'false']).optional().describe('True: everything is checked, and nothing is staged.'),
};

export const limitQuery = (unlessTold: number) => ({
  limit: z.int().min(1).max(maxPage).optional().describe(`How many at most; ${unlessTold} unless told.`),
});

export const pageQuery = {
  ...limitQuery(maxPage),
  cursor: z.string().optional().describe('What `next` of the page before was.'),
};

export const nodeId = z.string();

export const expectationQuery = {
  at_least: z.int().min(1).max(1_000_000).optional().describe('How many nodes have to be in sync.'),
  expect: z
    .string()
    .regex(/^[^,]+(,[^,]+)*$/)
    .optional()
    .describe('Node ids that have to be in sync, with commas between them.'),
};

export const waitQuery = {
  wait: z
    .string()
    .regex(/^(0|[0-9]{1,5}ms|[0-9]{1,2}s|[0-9]m)$/)
    .optional()
    .describe('Answer when every Envoy has answered, or after this time: `500ms`, `10s`, at most `10m`.'),
};

export const revisionQuery = count.optional();

const tags = z.string();

export const ifMatch = {
  'If-Match': tags.optional().describe('Refused with 412 when it has none of these ETags now.'),
};

export const ifMatchStaged = {
  'If-Match': tags.optional().describe('Refused with 412 when the staging area has another ETag now.'),
};

export const ifNoneMatch = {
  'If-None-Match': tags.optional().describe('`*`: refused with 412 when it is there.'),
};

export const ifChanged = { 'If-None-Match': tags.optional().describe('304 when it has this ETag still.') };

export const author = {
  'X-Author': z
    .string()
    .max(255)
    .regex(/^[!-~]([ -~]*[!-~])?$/)
    .optional()
    .describe('Who makes the change: up to 255 bytes of UTF-8. `api` unless told.'),
};

export const etag = { ETag: z.string().meta({ description: 'Changes with the content.', example: '"Zx3"' }) };

export const location = { Location: z.string() };

/** Of calls that publish. */
export const lines =
  'To who accepts application/x-ndjson a call that waits sends a Progress line each time that more have answered, and ' +
  'its answer as the last line.';

export const progressLines =
  'To who accepts application/x-ndjson it sends Progress lines, and its answer as the last line.';
