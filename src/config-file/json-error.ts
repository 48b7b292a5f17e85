// Where a text stops being JSON. JSON.parse says so for some mistakes only.

const space = /[ \t\r\n]*/y;
const string = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const scalar = new RegExp(`${string.source}|${number.source}|true|false|null`, 'y');

/** What may come next: a value, a key, one of these or the end of what is empty, a colon, or what follows a value. */
type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'next';

/** The offset of the first character that JSON can't have there; of the end, when something is missing. */
export function findJsonError(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at = endOf(space, text, at);
    const char = text[at];
    const inside = open.at(-1);
    if (char === undefined) return at;
    if (expected === 'colon') {
      if (char !== ':') return at;
      [expected, at] = ['value', at + 1];
    } else if ((char === '}' || char === ']') && mayEnd(expected) && inside === (char === '}' ? '{' : '[')) {
      open.pop();
      [expected, at] = ['next', at + 1];
    } else if (expected === 'next') {
      if (char !== ',' || inside === undefined) return at;
      [expected, at] = [inside === '{' ? 'key' : 'value', at + 1];
    } else if ((char === '{' || char === '[') && isValue(expected)) {
      open.push(char);
      [expected, at] = [char === '{' ? 'key-or-end' : 'value-or-end', at + 1];
    } else {
      const end = endOf(scalar, text, at);
      if (end === at || (!isValue(expected) && char !== '"')) return at;
      [expected, at] = [isValue(expected) ? 'next' : 'colon', end];
    }
  }
}

function isValue(expected: Expected): boolean {
  return expected === 'value' || expected === 'value-or-end';
}

function mayEnd(expected: Expected): boolean {
  return expected === 'next' || expected === 'value-or-end' || expected === 'key-or-end';
}

function endOf(sticky: RegExp, text: string, start: number): number {
  sticky.lastIndex = start;
  return sticky.test(text) ? sticky.lastIndex : start;
}
