// /api/v2/clusters, /api/v2/listeners and /api/v2/secrets: read, and staged one by one.

import type { Request, RequestHandler, Response } from 'express';
import type { Desk } from '../../commit/desk.ts';
import type { DeclaredObject } from '../../model/objects.ts';
import { readAuthor } from './author.ts';
import { readJsonBody } from './json-body.ts';
import { mergePatch } from './merge-patch.ts';
import { parseNamed } from './named-body.ts';
import { layerOf, showIn } from './object-type.ts';
import type { ObjectType, PlainObjectType } from './object-type.ts';
import { maxPage, pageOf, parseCount } from './page.ts';
import { readConditions, tagOf } from './precondition.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import { inTurns, sendPieces, sendTagged } from './send.ts';
import { stageObject } from './stage-object.ts';
import { describeView, parseView } from './view.ts';

export const patchTypes = ['application/merge-patch+json', 'application/json'] as const;

/** Answers a list of `type.plural`, and `next`. */
export function createListHandler<T extends DeclaredObject>(desk: Desk, type: ObjectType<T>): RequestHandler {
  return async (request, response) => {
    const query = readQuery(request, ['view', 'cursor', 'limit']);
    const view = parseParameter('view', query.view ?? 'staged', parseView);
    const size = parseParameter('limit', query.limit ?? String(maxPage), parseCount(1, maxPage));
    const { items, next } = pageOf(type.list(desk.declarations, layerOf(view)), query.cursor, size);
    response.type('json');
    const shown = items.values().map((item) => showIn(type, view, item));
    await sendPieces(response, inTurns(renderList(type.plural, shown, next)));
  };
}

// A cluster may have a megabyte.
function* renderList(plural: string, objects: Iterable<object>, next: string | undefined): Generator<string> {
  yield `{${JSON.stringify(plural)}:[`;
  let text = '';
  let separator = '';
  for (const object of objects) {
    text += separator + JSON.stringify(object);
    separator = ',';
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  yield `${text}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`;
}

export function createGetHandler<T extends DeclaredObject>(desk: Desk, type: ObjectType<T>): RequestHandler<Named> {
  return (request, response) => {
    const { name } = request.params;
    const { view: viewText = 'staged' } = readQuery(request, ['view']);
    const view = parseParameter('view', viewText, parseView);
    const object = type.get(desk.declarations, layerOf(view), name);
    if (object === undefined) throw notFound(type, name, describeView(view));
    sendTagged(request, response, showIn(type, view, object));
  };
}

/** Creates or replaces: answers the object. */
export function createPutHandler<T extends DeclaredObject>(
  desk: Desk,
  type: PlainObjectType<T>,
): RequestHandler<Named> {
  return async (request, response) => {
    const { name } = request.params;
    readQuery(request, []);
    const author = readAuthor(request);
    const conditions = readConditions(request);
    const object = parseNamed(await readJsonBody(request), { name }, type.parse);
    const { before } = await stageObject(desk, type, name, author, (current) => {
      conditions.check(tagsOf(type, current));
      return object;
    });
    sendPut(request, response, type, object, before);
  };
}

/** Answers a PUT. */
export function sendPut<T extends DeclaredObject>(
  request: Request<Named>,
  response: Response,
  type: ObjectType<T>,
  object: T,
  before: T | undefined,
): void {
  const path = `${request.baseUrl}/${type.plural}/${encodeURIComponent(object.name)}`;
  if (before === undefined) response.set('Location', path);
  sendTagged(request, response, type.show(object), before === undefined ? 201 : 200);
}

/** Changes what a merge patch says: answers the object. */
export function createPatchHandler<T extends DeclaredObject>(
  desk: Desk,
  type: PlainObjectType<T>,
): RequestHandler<Named> {
  return async (request, response) => {
    const { name } = request.params;
    readQuery(request, []);
    const author = readAuthor(request);
    const conditions = readConditions(request);
    const patch = await readJsonBody(request, patchTypes);
    const { after } = await stageObject(desk, type, name, author, (current) => {
      conditions.check(tagsOf(type, current));
      if (current === undefined) throw notFound(type, name);
      return parseNamed(mergePatch(current, patch), { name }, type.parse);
    });
    if (after !== undefined) sendTagged(request, response, after);
  };
}

export function createDeleteHandler<T extends DeclaredObject>(
  desk: Desk,
  type: ObjectType<T>,
): RequestHandler<Named> {
  return async (request, response) => {
    const { name } = request.params;
    readQuery(request, []);
    const author = readAuthor(request);
    const conditions = readConditions(request);
    await stageObject(desk, type, name, author, (current) => {
      conditions.check(tagsOf(type, current));
      if (current === undefined) throw notFound(type, name);
      return undefined;
    });
    response.status(204).end();
  };
}

export interface Named {
  name: string;
}

/** Those of its answer. */
export function tagsOf<T extends DeclaredObject>(
  type: ObjectType<T>,
  object: T | undefined,
): readonly string[] | undefined {
  return object && [tagOf(JSON.stringify(type.show(object)))];
}

export function notFound({ kind }: Pick<ObjectType, 'kind'>, name: string, where = 'staged'): ProblemError {
  return new ProblemError(404, `${kind} ${JSON.stringify(name.slice(0, 255))}: no such ${kind} is ${where}`);
}
