// A text as the bytes that it stands for once its escapes are undone: of JSON, C, protobuf's text format and URLs, each
// of which writes them alike enough. Without I/O.

/** Bytes, and where each of them stands in the text. */
export interface Bytes {
  /** One character per byte. */
  readonly latin1: string;
  /** By byte: the index of the first character that stands for it, and of the one after the last. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

// A dump in JSON in JSON.
const maxLevels = 3;

const escape = /(?:\\u[0-9a-fA-F]{4})+|\\x[0-9a-fA-F]{1,2}|\\[0-3]?[0-7]{1,2}|\\["'\\/?abfnrtv]|%[0-9a-fA-F]{2}/gu;

const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The text in UTF-8 as it is, then with its escapes undone, and theirs, as long as there are any; at most three times. */
export function readingsOf(text: string): Bytes[] {
  const readings = [bytesOf(text)];
  while (readings.length <= maxLevels) {
    const last = readings.at(-1);
    const next = last && unescape(last);
    if (next === undefined) break;
    readings.push(next);
  }
  return readings;
}

/** In UTF-8. */
export function toLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function bytesOf(text: string): Bytes {
  const writer = new Writer();
  let at = 0;
  for (const character of text) {
    writer.put(toLatin1(character), at, at + character.length);
    at += character.length;
  }
  return writer;
}

/** Undefined: there are no escapes. */
function unescape({ latin1, starts, ends }: Bytes): Bytes | undefined {
  const writer = new Writer();
  let done = 0;
  const copyTo = (end: number): void => {
    for (; done < end; done += 1) writer.put(latin1.charAt(done), starts[done] ?? 0, ends[done] ?? 0);
  };
  for (const { 0: escaped, index } of latin1.matchAll(escape)) {
    copyTo(index);
    done += escaped.length;
    writer.put(meaningOf(escaped), starts[index] ?? 0, ends[done - 1] ?? 0);
  }
  if (done === 0) return undefined;
  copyTo(latin1.length);
  return writer;
}

function meaningOf(escaped: string): string {
  const sign = escaped.charAt(1);
  if (escaped.startsWith('%')) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  // Several at once: two may be one character.
  if (sign === 'u') return toLatin1(JSON.parse(`"${escaped}"`) as string);
  if (sign === 'x') return String.fromCharCode(Number.parseInt(escaped.slice(2), 16));
  if (sign >= '0' && sign <= '7') return String.fromCharCode(Number.parseInt(escaped.slice(1), 8));
  return controls[sign] ?? sign;
}

class Writer implements Bytes {
  latin1 = '';
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  put(bytes: string, start: number, end: number): void {
    this.latin1 += bytes;
    for (let index = 0; index < bytes.length; index += 1) {
      this.starts.push(start);
      this.ends.push(end);
    }
  }
}
