// PUT and PATCH of /api/v2/secrets/NAME, and the change of their key: here a value comes in, and goes no further.

import type { RequestHandler } from 'express';
import type { Desk } from '../../commit/desk.ts';
import { canonicalSecret } from '../../model/canonical.ts';
import { FaultsError } from '../../model/faults.ts';
import type { DeclaredSecret, Secret, SecretValue } from '../../model/objects.ts';
import { parseSealedSecret, parseSecret } from '../../model/parse.ts';
import { readAuthor } from './author.ts';
import { readJsonBody, readOptions } from './json-body.ts';
import { mergePatch } from './merge-patch.ts';
import { parseNamed } from './named-body.ts';
import { secretType } from './object-type.ts';
import { notFound, patchTypes, sendPut, tagsOf } from './objects.ts';
import type { Named } from './objects.ts';
import { readConditions } from './precondition.ts';
import { readQuery } from './query.ts';
import { rotateKeyRequestSchema } from './schemas/secrets.ts';
import { sendTagged } from './send.ts';
import { stageObject } from './stage-object.ts';

/** What becomes of values. */
export interface Secrets {
  /** @throws SecretKeyError, StoreError */
  readonly seal: (secret: DeclaredSecret) => Promise<Secret>;
  /** @throws VaultError */
  readonly open: (secret: Secret) => SecretValue;
  /** @throws SecretKeyError, StoreError */
  readonly rotateKey: () => Promise<void>;
}

/** Creates or replaces: answers all of the secret but its value. */
export function createSecretPutHandler(desk: Desk, secrets: Pick<Secrets, 'seal'>): RequestHandler<Named> {
  return async (request, response) => {
    const { name } = request.params;
    readQuery(request, []);
    const author = readAuthor(request);
    const conditions = readConditions(request);
    const sealed = await secrets.seal(parseNamed(await readJsonBody(request), { name }, parseSecret));
    const { before } = await stageObject(desk, secretType, name, author, (current) => {
      conditions.check(tagsOf(secretType, current));
      return sealed;
    });
    sendPut(request, response, secretType, sealed, before);
  };
}

/** Changes labels, and nothing else: a value is replaced as a whole. Answers as PUT does. */
export function createSecretPatchHandler(desk: Desk): RequestHandler<Named> {
  return async (request, response) => {
    const { name } = request.params;
    readQuery(request, []);
    const author = readAuthor(request);
    const conditions = readConditions(request);
    const patch = await readJsonBody(request, patchTypes);
    const { after } = await stageObject(desk, secretType, name, author, (current) => {
      conditions.check(tagsOf(secretType, current));
      if (current === undefined) throw notFound(secretType, name);
      requireLabelsOnly(current, patch);
      return canonicalSecret(parseSealedSecret(mergePatch(current, patch)));
    });
    if (after !== undefined) sendTagged(request, response, secretType.show(after));
  };
}

/** Answers nothing. */
export function createRotateKeyHandler(secrets: Pick<Secrets, 'rotateKey'>): RequestHandler {
  return async (request, response) => {
    readQuery(request, []);
    await readOptions(request, rotateKeyRequestSchema);
    await secrets.rotateKey();
    response.status(204).end();
  };
}

function requireLabelsOnly(current: Secret, patch: unknown): void {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new FaultsError([{ pointer: '', value: undefined, rule: 'must be an object' }]);
  }
  const faults = Object.entries(patch)
    .filter(([field, value]) => field !== 'labels' && value !== Reflect.get(secretType.show(current), field))
    .map(([field]) => {
      const pointer = `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      return { pointer, value: undefined, rule: 'must be left out: PUT replaces a secret, PATCH changes its labels' };
    });
  if (faults.length > 0) throw new FaultsError(faults);
}
