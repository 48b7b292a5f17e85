// The RESP2 reply format: bytes in, values out, and how redis-cli shows them.

/** A status (`OK`) and a text differ in how they are shown; null is both the nil text and the nil array. */
export type Reply =
  | { readonly status: string }
  | { readonly error: string }
  | { readonly text: string }
  | number
  | null
  | readonly Reply[];

/** Reads the reply that `bytes` begin with, and how many bytes it takes; undefined while it is incomplete. */
export function parseReply(bytes: Buffer): { readonly reply: Reply; readonly length: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n');
  if (lineEnd < 0) return undefined;
  const line = bytes.toString('utf8', 1, lineEnd);
  const length = lineEnd + 2;
  const kind = String.fromCharCode(bytes[0] ?? 0);
  switch (kind) {
    case '+':
      return { reply: { status: line }, length };
    case '-':
      return { reply: { error: line }, length };
    case ':':
      return { reply: Number(line), length };
    case '$':
      return parseText(bytes, length, Number(line));
    case '*':
      return parseArray(bytes, length, Number(line));
    default:
      throw new Error(`not a RESP2 reply: ${JSON.stringify(kind + line)}`);
  }
}

function parseText(bytes: Buffer, start: number, size: number): ReturnType<typeof parseReply> {
  if (size < 0) return { reply: null, length: start };
  const end = start + size;
  if (bytes.length < end + 2) return undefined;
  return { reply: { text: bytes.toString('utf8', start, end) }, length: end + 2 };
}

function parseArray(bytes: Buffer, start: number, count: number): ReturnType<typeof parseReply> {
  if (count < 0) return { reply: null, length: start };
  const items: Reply[] = [];
  let length = start;
  while (items.length < count) {
    const item = parseReply(bytes.subarray(length));
    if (!item) return undefined;
    items.push(item.reply);
    length += item.length;
  }
  return { reply: items, length };
}

/** A reply in redis-cli's words; an array is one line per item. */
export function showReply(reply: Reply): string {
  if (reply === null) return '(nil)';
  if (typeof reply === 'number') return `(integer) ${reply}`;
  if ('status' in reply) return reply.status;
  if ('error' in reply) return `(error) ${reply.error}`;
  if ('text' in reply) return JSON.stringify(reply.text);
  if (reply.length === 0) return '(empty array)';
  return reply.map((item, index) => `${index + 1}) ${showReply(item)}`).join('\n');
}
