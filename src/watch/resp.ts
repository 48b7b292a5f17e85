// RESP2, what Redis and its kin speak: commands to bytes, and bytes to replies, however they are cut.

/** A server says no; its text is the message. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** It speaks something else. Nothing that it sends after that means anything. */
export class NotRespError extends Error {
  override readonly name = 'NotRespError';
}

/** Texts, numbers, null, {@link ReplyError}, and arrays of them. */
export type Reply = string | number | null | ReplyError | readonly Reply[];

const [carriageReturn, lineFeed] = [13, 10];
const [plus, minus, colon, dollar, asterisk] = [43, 45, 58, 36, 42];

// INFO comes to some kB; what is much longer is no answer to what is asked here.
const maxReplyBytes = 4 * 2 ** 20;
const maxLineBytes = 64 * 2 ** 10;
const maxDepth = 8;

const none = Buffer.alloc(0);

/** Commands that are sent together. */
export interface Batch {
  readonly text: string;
  /** How many there are. */
  readonly count: number;
}

export function encodeBatch(...commands: readonly (readonly string[])[]): Batch {
  return { text: commands.map(encodeCommand).join(''), count: commands.length };
}

export function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** Thrown within, where a reply is not yet whole. */
const incomplete = Symbol('incomplete');

/** Reads the replies of one connection, in order. */
export class ReplyReader {
  #bytes: Buffer = none;
  #at = 0;

  /** The replies that are whole with these bytes, of which nothing is kept that is not copied. @throws NotRespError */
  take(chunk: Buffer): Reply[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const replies: Reply[] = [];
    let begin = 0;
    while (begin < this.#bytes.length) {
      this.#at = begin;
      const reply = this.#read(0);
      if (reply === incomplete) break;
      replies.push(reply);
      begin = this.#at;
    }
    this.#bytes = this.#bytes.length === begin ? none : Buffer.from(this.#bytes.subarray(begin));
    if (this.#bytes.length > maxReplyBytes) throw new NotRespError(`a reply of more than ${maxReplyBytes} bytes`);
    return replies;
  }

  #read(depth: number): Reply | typeof incomplete {
    const kind = this.#bytes[this.#at];
    if (kind === undefined) return incomplete;
    if (kind !== plus && kind !== minus && kind !== colon && kind !== dollar && kind !== asterisk) {
      throw new NotRespError(`a reply can't begin with ${JSON.stringify(String.fromCharCode(kind))}`);
    }
    const line = this.#readLine();
    if (line === incomplete) return incomplete;
    if (kind === plus) return line;
    if (kind === minus) return new ReplyError(line);
    const number = parseNumber(line);
    if (kind === colon) return number;
    return kind === dollar ? this.#readText(number) : this.#readArray(number, depth);
  }

  /** What stands after the kind; goes past its end. */
  #readLine(): string | typeof incomplete {
    const begin = this.#at + 1;
    const end = this.#bytes.indexOf(carriageReturn, begin);
    if (end < 0 || end + 1 >= this.#bytes.length) {
      if (this.#bytes.length - begin > maxLineBytes) throw new NotRespError('a line without an end');
      return incomplete;
    }
    if (this.#bytes[end + 1] !== lineFeed) throw new NotRespError('a line that does not end with CR LF');
    this.#at = end + 2;
    return this.#bytes.toString('utf8', begin, end);
  }

  #readText(length: number): Reply | typeof incomplete {
    if (length < 0) return null;
    const begin = this.#at;
    const end = begin + length;
    if (length > maxReplyBytes) throw new NotRespError(`a text of ${length} bytes`);
    if (this.#bytes.length < end + 2) return incomplete;
    this.#at = end + 2;
    return this.#bytes.toString('utf8', begin, end);
  }

  #readArray(count: number, depth: number): Reply | typeof incomplete {
    if (count < 0) return null;
    if (count > maxReplyBytes || depth >= maxDepth) throw new NotRespError(`an array of ${count}, within ${depth} others`);
    const items: Reply[] = [];
    while (items.length < count) {
      const item = this.#read(depth + 1);
      if (item === incomplete) return incomplete;
      items.push(item);
    }
    return items;
  }
}

function parseNumber(text: string): number {
  if (!/^-?\d{1,19}$/u.test(text)) throw new NotRespError(`${JSON.stringify(text.slice(0, 40))} where a number must be`);
  return Number(text);
}
