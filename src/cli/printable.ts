// Text from outside, made fit for a terminal.

/** The text with control and formatting characters escaped, so that it stays in its line and moves no cursor. */
export function toPrintable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
