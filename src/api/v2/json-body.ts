// Bodies in JSON: read, and checked against a schema.

import type { IncomingMessage } from 'node:http';

import type { z } from 'zod';

import { checkShape } from '../../config-file/check-shape.ts';
import { parseJsonText } from '../../config-file/json-text.ts';
import { FaultsError, faultsOf } from '../../model/faults.ts';
import { readUtf8Body } from '../body.ts';
import { readMediaType } from './media-type.ts';

// A cluster of 10,000 endpoints with weight, zone and some labels.
export const maxObjectBytes = 4_194_304;

const maxRequestBytes = 65_536;

const json = 'application/json';

/** @throws ProblemError (415), BodyError, MalformedTextError, FaultsError */
export async function readJsonBody(
  request: IncomingMessage,
  types: readonly [string, ...string[]] = [json],
  maxBytes = maxObjectBytes,
): Promise<unknown> {
  const text = await readUtf8Body(request, maxBytes);
  readMediaType(request, types);
  return parseChecked(text);
}

/** An empty body is `{}`, whatever its type. @throws as {@link readJsonBody} */
export async function readOptionalJsonBody(request: IncomingMessage, maxBytes = maxRequestBytes): Promise<unknown> {
  const text = await readUtf8Body(request, maxBytes);
  if (text === '') return {};
  readMediaType(request, [json]);
  return parseChecked(text);
}

/** A small body of options; an empty one is `{}`, whatever its type. @throws as {@link readJsonBody} */
export async function readOptions<Schema extends z.ZodType>(
  request: IncomingMessage,
  schema: Schema,
): Promise<z.output<Schema>> {
  const value = await readOptionalJsonBody(request);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FaultsError(faultsOf(result.error, value));
}

function parseChecked(text: string): unknown {
  const value = parseJsonText(text);
  checkShape(value);
  return value;
}
