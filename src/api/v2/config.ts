// /api/v2/config: everything that is declared, as one file.

import type { Request, RequestHandler } from 'express';
import type { Declarations, Desk } from '../../commit/desk.ts';
import type { ConfigFormat } from '../../config-file/parse-config-text.ts';
import type { Edits } from '../../inventory/edits.ts';
import { canonicalSecret } from '../../model/canonical.ts';
import { FaultsError, quote } from '../../model/faults.ts';
import type { Fault } from '../../model/faults.ts';
import type { ConfigEntries, DeclaredObject, DeclaredSecret, KeptSecret, Secret, SecretEntry } from '../../model/objects.ts';
import { readUtf8Body } from '../body.ts';
import { readAuthor } from './author.ts';
import { sendDiff } from './diff.ts';
import { readMediaType } from './media-type.ts';
import type { AppliedMessage, ChangedObjectMessage } from './messages.ts';
import { clusterType, layerOf, listenerType, secretType, showIn } from './object-type.ts';
import type { ObjectType } from './object-type.ts';
import { isKnown, readConditions, stagingTag } from './precondition.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import type { Secrets } from './secrets.ts';
import { inTurns, sendJson, sendPieces } from './send.ts';
import { isSame } from './stage-object.ts';
import { parseView } from './view.ts';

// 50,000 clusters of five endpoints, twice.
const maxJsonBytes = 33_554_432;

// It takes a hundred times as long to read, and nothing else is done meanwhile; each byte may cost 300 of memory.
const maxYamlBytes = 2_097_152;

const jsonType = 'application/json';
const yamlType = 'application/yaml';
const yamlTypes = [yamlType, 'application/x-yaml', 'text/yaml'] as const;

/** Answers a file that, put back, changes nothing. */
export function createConfigGetHandler(desk: Desk): RequestHandler {
  return async (request, response) => {
    const { view: text = 'staged' } = readQuery(request, ['view']);
    const view = parseParameter('view', text, parseView);
    const type = request.accepts(jsonType, ...yamlTypes);
    if (type === false) throw new ProblemError(406, `Accept: must take ${jsonType} or ${yamlType}`);
    const format: ConfigFormat = type === jsonType ? 'json' : 'yaml';
    // Brings the package for YAML, which nothing else of the daemon needs.
    const { formatConfig } = await import('../../config-file/format-config.ts');
    const { declarations } = desk;
    response.vary('Accept');
    if (view === 'staged') {
      const tag = fileTag(declarations, format);
      response.set('ETag', tag);
      if (isKnown(request, tag)) {
        response.status(304).end();
        return;
      }
    }
    const show = <T extends DeclaredObject>(objects: ObjectType<T>): object[] =>
      objects.list(declarations, layerOf(view)).map((object) => showIn(objects, view, object));
    response.type(format === 'json' ? jsonType : yamlType);
    const secrets = secretType.list(declarations, layerOf(view)).map(asKept);
    const lists = { clusters: show(clusterType), listeners: show(listenerType), secrets };
    const pieces = formatConfig(lists, format);
    await sendPieces(response, inTurns(pieces));
  };
}

/**
 * Stages a whole file, and the removal of what it does not name: answers an {@link AppliedMessage}. With `dry_run` it
 * stages nothing, and answers what would change as a DiffMessage.
 */
export function createConfigPutHandler(desk: Desk, sealer: Pick<Secrets, 'seal'>): RequestHandler {
  return async (request, response) => {
    const { dry_run: dryRun = 'false' } = readQuery(request, ['dry_run']);
    const isDryRun = parseParameter('dry_run', dryRun, parseBoolean);
    const author = readAuthor(request);
    const conditions = readConditions(request);
    const config = await readConfig(request);
    const entries = config.secrets && (await sealEntries(config.secrets, sealer));
    let changes: readonly ChangedObjectMessage[] = [];
    const decide = (declared: Declarations): Edits => {
      conditions.check([stagingTag(declared.lastEntry), fileTag(declared, 'yaml')]);
      const clusters = findSteps(clusterType, declared, config.clusters);
      const listeners = findSteps(listenerType, declared, config.listeners);
      // A file that says nothing of secrets, as one in git may, leaves them as they are.
      const secrets = entries === undefined ? [] : findSteps(secretType, declared, findKept(entries, declared));
      changes = [...clusters, ...listeners, ...secrets].map(({ kind, name, change }) => ({ kind, name, change }));
      return { clusters: clusters.map(toEdit), listeners: listeners.map(toEdit), secrets: secrets.map(toEdit) };
    };
    if (isDryRun) {
      sendDiff(response, (await desk.preview(decide)).changes);
      return;
    }
    await desk.stage(decide, author);
    const message: AppliedMessage = { changes };
    sendJson(response, message);
  };
}

function parseBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('must be true or false');
  return text === 'true';
}

/** The body, as a file. @throws ProblemError (415), BodyError, MalformedTextError, FaultsError */
export async function readConfig(request: Request): Promise<ConfigEntries> {
  const type = readMediaType(request, [jsonType, ...yamlTypes]);
  const { parseConfigText } = await import('../../config-file/parse-config-text.ts');
  if (type === jsonType) return parseConfigText(await readUtf8Body(request, maxJsonBytes), 'json');
  return parseConfigText(await readUtf8Body(request, maxYamlBytes), 'yaml');
}

/** A secret as an export has it: applied again, it stays as it is. */
function asKept({ name, kind, labels, fingerprint }: Secret): KeptSecret {
  return { name, kind, ...(labels && { labels }), fingerprint };
}

/** Those with a value are sealed. @throws FaultsError where it is to be read elsewhere */
async function sealEntries(
  entries: readonly SecretEntry[],
  sealer: Pick<Secrets, 'seal'>,
): Promise<readonly (Secret | KeptSecret)[]> {
  const faults = entries.flatMap((entry, index): Fault[] => {
    const field = Object.keys(entry).find((each) => each.endsWith('_from'));
    const rule = 'is for controlplane apply, which reads the value and sends it';
    return field === undefined ? [] : [{ pointer: `/secrets/${index}/${field}`, value: undefined, rule }];
  });
  if (faults.length > 0) throw new FaultsError(faults);
  const sealed: (Secret | KeptSecret)[] = [];
  for (const entry of entries as readonly (DeclaredSecret | KeptSecret)[]) {
    sealed.push('fingerprint' in entry ? entry : await sealer.seal(entry));
  }
  return sealed;
}

/** In place of what is to stay what is there. @throws FaultsError for what is not */
function findKept(entries: readonly (Secret | KeptSecret)[], declared: Declarations): Secret[] {
  const faults: Fault[] = [];
  const found = entries.flatMap((entry, index): Secret[] => {
    if ('sealed' in entry) return [entry];
    const { name, kind, fingerprint, labels } = entry;
    const there = (['staged', 'committed'] as const).map((view) => secretType.get(declared, view, name));
    const kept = there.find((each) => each?.kind === kind && each.fingerprint === fingerprint);
    if (kept !== undefined) return [canonicalSecret({ ...kept, labels })];
    const now = there[0] === undefined ? 'there is none' : `it is a ${there[0].kind} with ${there[0].fingerprint}`;
    const rule = `must be that of the secret ${quote(name)} (${now}): another one needs its value`;
    faults.push({ pointer: `/secrets/${index}/fingerprint`, value: fingerprint, rule });
    return [];
  });
  if (faults.length > 0) throw new FaultsError(faults);
  return found;
}

interface Step<T> extends ChangedObjectMessage {
  readonly after: T | undefined;
}

function toEdit<T>({ name, after }: Step<T>): { name: string; after: T | undefined } {
  return { name, after };
}

function findSteps<T extends DeclaredObject>(
  type: ObjectType<T>,
  declared: Declarations,
  wanted: readonly T[],
): Step<T>[] {
  const { kind } = type;
  const names = new Set(wanted.map(({ name }) => name));
  const added = wanted.flatMap((after): Step<T>[] => {
    const before = type.get(declared, 'staged', after.name);
    if (isSame(before, after)) return [];
    return [{ kind, name: after.name, change: before === undefined ? 'added' : 'changed', after }];
  });
  const removed = type.list(declared, 'staged').filter(({ name }) => !names.has(name));
  const all = [...added, ...removed.map(({ name }): Step<T> => ({ kind, name, change: 'removed', after: undefined }))];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

// Of the staging area too: who changes the file and puts it back is told when somebody else was faster.
function fileTag({ lastEntry }: Declarations, format: ConfigFormat): string {
  return format === 'json' ? stagingTag(lastEntry) : stagingTag(lastEntry).replace(/"$/u, '-yaml"');
}
