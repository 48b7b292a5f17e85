// YAML text to a value, with the place of each part of it. YAML 1.2 with its core schema: `on` and `no` are text.

import { LineCounter, isAlias, isCollection, isMap, isPair, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';

import { MalformedTextError } from './malformed-text.ts';
import type { Place } from './place.ts';

export interface YamlText {
  readonly value: unknown;
  /** Where the value is that a JSON pointer leads to; the nearest around it, when there is none. */
  readonly placeOf: (pointer: string) => Place;
}

// More than a list of servers has, few enough to be written out.
const maxAliasCount = 10_000;

/** @throws MalformedTextError */
export function parseYamlText(text: string): YamlText {
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parse(text, lineCounter);
  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.length > 0) {
    throw new MalformedTextError(
      mistakes.map((mistake) => {
        return { pointer: '', value: undefined, rule: `must be YAML: ${describe(mistake)}`, ...placeAt(mistake.pos[0]) };
      }),
    );
  }
  return { value: toValue(document, placeAt), placeOf: (pointer) => placeAt(findOffset(document, pointer)) };
}

// What it quotes of the text may be a password without quotes, as `value: !password` is.
function describe({ code, message }: { readonly code?: string; readonly message: string }): string {
  return code === 'TAG_RESOLVE_FAILED' ? 'Unresolved tag' : message.replace(/(?<! ): .*$/su, '');
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, schema: 'core', uniqueKeys: true, strict: true, prettyErrors: false });
  } catch (error) {
    throw toMalformed(error);
  }
}

function toValue(document: Document.Parsed, placeAt: (offset: number) => Place): unknown {
  try {
    return document.toJS({ maxAliasCount });
  } catch (error) {
    const offset = error instanceof ReferenceError ? findLostAlias(document) : undefined;
    throw toMalformed(error, offset === undefined ? undefined : placeAt(offset));
  }
}

// What is nested thousands of levels deep uses up the stack; an alias to nowhere, or too many, are a ReferenceError.
function toMalformed(error: unknown, place?: Place): unknown {
  const isDeep = error instanceof RangeError;
  if (!isDeep && !(error instanceof ReferenceError)) return error;
  const rule = isDeep ? 'must be nested less deep' : `must be YAML: ${describe(error)}`;
  return new MalformedTextError([{ pointer: '', value: undefined, rule, ...place }]);
}

/** The offset of the first without an anchor before it. */
function findLostAlias(document: Document.Parsed): number | undefined {
  const anchors = new Set<string>();
  let offset: number | undefined;
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
        return undefined;
      }
      if (anchors.has(node.source)) return undefined;
      offset = offsetOf(node);
      return visit.BREAK;
    },
  });
  return offset;
}

/** Of a scalar or an entry of a list its own, of what spans lines that of its key. */
function findOffset(document: Document.Parsed, pointer: string): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const item = findItem(resolve(node, document), key);
    if (item === undefined) return offset;
    node = isPair(item) ? item.value : item;
    const place = isPair(item) && (isCollection(node) || offsetOf(node) === undefined) ? item.key : node;
    offset = offsetOf(place) ?? offset;
  }
  return offset;
}

function findItem(node: unknown, key: string): unknown {
  if (isSeq(node)) return node.items[Number(key)];
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key) === key);
}

function resolve(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
