// A call in short, and what OpenAPI makes of it: every call has the same problems, parameters and headers.

import { STATUS_CODES } from 'node:http';

import { z } from 'zod';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiRequestBodyObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';

import { problemSchema } from '../schemas/problem.ts';

export type Fields = Readonly<Record<string, z.ZodType>>;

export interface Call {
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'Objects' | 'Changes' | 'History' | 'Backup' | 'Fleet' | 'About';
  readonly path?: Fields;
  readonly query?: Fields;
  readonly header?: Fields;
  readonly body?: Body;
  readonly answers: Readonly<Record<number, AnswerOf>>;
  /** Statuses besides those that every call has, and every call with a body. */
  readonly problems?: readonly number[];
}

export interface Body {
  readonly schema: z.ZodType;
  readonly types?: readonly string[];
  readonly isOptional?: boolean;
  readonly example?: unknown;
}

export interface AnswerOf {
  readonly description: string;
  /** Undefined: it has no content. */
  readonly schema?: z.ZodType;
  readonly types?: readonly string[];
  /** Of other types, which have another schema. */
  readonly others?: Readonly<Record<string, z.ZodType>>;
  readonly headers?: Fields;
  readonly example?: unknown;
}

const json = 'application/json';
const problemType = 'application/problem+json';

/** @param operationId unique. */
export function operation(operationId: string, call: Call): ZodOpenApiOperationObject {
  const { summary, description, tag, body } = call;
  const problems = [400, 403, ...(body === undefined ? [] : [413, 415, 422]), ...(call.problems ?? [])];
  return {
    operationId,
    summary,
    tags: [tag],
    ...(description === undefined ? {} : { description }),
    requestParams: {
      ...(call.path === undefined ? {} : { path: z.object(call.path) }),
      ...(call.query === undefined ? {} : { query: z.object(call.query) }),
      ...(call.header === undefined ? {} : { header: z.object(call.header) }),
    },
    ...(body === undefined
      ? {}
      : { requestBody: bodyOf(body) }),
    responses: { ...answersOf(call.answers), ...problemsOf(problems) },
  };
}

function bodyOf({ isOptional = false, types, schema, example }: Body): ZodOpenApiRequestBodyObject {
  return { required: !isOptional, content: contentOf(types, schema, example) };
}

function answersOf(answers: Call['answers']): ZodOpenApiResponsesObject {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, types, others = {}, headers, example }]) => {
      const response: ZodOpenApiResponseObject = {
        description,
        ...(headers === undefined ? {} : { headers: z.object(headers) }),
        ...(schema === undefined
          ? {}
          : { content: { ...contentOf(types, schema, example), ...contentsOf(others) } }),
      };
      return [status, response];
    }),
  );
}

function problemsOf(statuses: readonly number[]): ZodOpenApiResponsesObject {
  return Object.fromEntries(
    statuses.map((status) => {
      const title = STATUS_CODES[status] ?? 'A problem';
      const example = { type: 'about:blank', title, status, detail: 'the reason, in one line' };
      return [status, { description: title, content: contentOf([problemType], problemSchema, example) }];
    }),
  );
}

function contentsOf(schemas: Readonly<Record<string, z.ZodType>>) {
  return Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));
}

function contentOf(types: readonly string[] = [json], schema: z.ZodType, example: unknown) {
  return Object.fromEntries(types.map((type) => [type, { schema, ...(example === undefined ? {} : { example }) }]));
}
