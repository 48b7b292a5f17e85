// Reads a request body the way Go's encoding/json decodes into a flat struct,
// which is what the clients of /api/v1 rely on. Text in, plain fields out.

/** What a field holds: any text, or an unsigned 32-bit integer (as Envoy's `port_value`). */
export type FieldType = 'string' | 'uint32';

/** The decoded fields, one per entry of the shape. */
export type Fields<Shape extends Record<string, FieldType>> = {
  -readonly [Name in keyof Shape]: Shape[Name] extends 'uint32' ? number : string;
};

/** A body that can't be decoded; `message` is one line that says where or which value, and why. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

interface Member {
  readonly key: string;
  /** The value as it was written. */
  readonly source: string;
}

const maxDepth = 10_000;
const maxUint32 = 0xffff_ffff;
const maxQuotedLength = 64;
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu;
const space = /[ \t\r\n]*/y;
const scalar = /true|false|null|[^\s"{}[\],:]+|[^]/y;

/**
 * Decodes the first JSON value of `text`; what follows it is not looked at.
 * Keys match without regard to case, unknown keys are ignored, and of a
 * repeated key the last value counts. A field that is absent or null, like
 * every field of a null body, is '' or 0. Unpaired surrogates become U+FFFD.
 * @throws JsonError when the value is absent, malformed or no object, or a field has the wrong type.
 * @see https://pkg.go.dev/encoding/json#Unmarshal
 */
export function decodeFields<const Shape extends Record<string, FieldType>>(
  text: string,
  shape: Shape,
): Fields<Shape> {
  const fields: Record<string, string | number> = {};
  for (const [name, type] of Object.entries(shape)) fields[name] = type === 'string' ? '' : 0;
  for (const { key, source } of readMembers(readFirstValue(text))) {
    const match = Object.entries(shape).find(([name]) => equalsFolded(name, key));
    if (match === undefined || source === 'null') continue;
    const [name, type] = match;
    fields[name] = type === 'string' ? decodeString(name, source) : decodeUint32(name, source);
  }
  return fields as Fields<Shape>;
}

// Unicode's simple case folding, as Go folds keys; toLowerCase would fold more.
function equalsFolded(name: string, key: string): boolean {
  return key.length === name.length && new RegExp(`^${name}$`, 'iu').test(key);
}

function decodeString(name: string, source: string): string {
  if (!source.startsWith('"')) throw new JsonError(`${name} ${quote(source)}: must be a string`);
  return (JSON.parse(source) as string).toWellFormed();
}

function decodeUint32(name: string, source: string): number {
  if (!/^\d+$/u.test(source)) {
    throw new JsonError(`${name} ${quote(source)}: must be a whole number, written in digits alone`);
  }
  const value = Number(source);
  if (value > maxUint32) throw new JsonError(`${name} ${quote(source)}: too large`);
  return value;
}

/** The source of the first value of `text`, checked to be a JSON object or null. */
function readFirstValue(text: string): string {
  const start = skipSpace(text, 0);
  if (start === text.length) throw new JsonError('empty body: must be a JSON object');
  const source = text.slice(start, endOfValue(text, start));
  try {
    JSON.parse(source);
  } catch (error) {
    throw new JsonError(`malformed JSON: ${(error as Error).message.replace(controlCharacters, ' ')}`);
  }
  if (source.startsWith('{') || source === 'null') return source;
  throw new JsonError(`body ${quote(source)}: must be a JSON object`);
}

/** The members of a well-formed object in the order written; none of null. JSON.parse would merge repeated keys. */
function* readMembers(source: string): Generator<Member> {
  if (source === 'null') return;
  let at = skipSpace(source, 1);
  while (source[at] !== '}') {
    const keyEnd = endOfString(source, at);
    const start = skipSpace(source, skipSpace(source, keyEnd) + ':'.length);
    const end = endOfValue(source, start);
    yield { key: JSON.parse(source.slice(at, keyEnd)) as string, source: source.slice(start, end) };
    at = skipSpace(source, end);
    if (source[at] === ',') at = skipSpace(source, at + ','.length);
  }
}

// By brackets and quotes alone: whether the value is well-formed is for JSON.parse to say.
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
    } else if (char === '{' || char === '[') {
      depth += 1;
      at += 1;
      if (depth > maxDepth) throw new JsonError(`malformed JSON: nested deeper than ${maxDepth} levels`);
    } else if (char === '}' || char === ']') {
      depth -= 1;
      at += 1;
    } else {
      at = endOfMatch(scalar, text, at);
    }
  } while (depth > 0 && at < text.length);
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  return endOfMatch(space, text, start);
}

function endOfMatch(sticky: RegExp, text: string, start: number): number {
  sticky.lastIndex = start;
  sticky.test(text);
  return sticky.lastIndex;
}

function quote(source: string): string {
  const line = source.replace(controlCharacters, ' ');
  return line.length > maxQuotedLength ? `${line.slice(0, maxQuotedLength)}...` : line;
}
