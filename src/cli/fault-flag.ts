// `--fault error,percent=5,command=get`: one fault of a Redis listener as a flag.

import { parseNumber } from './object-flags.ts';

const shape = 'must be error or delay, then percent=N, delay=DURATION or command=NAME, with commas between';

/** Throws an Error whose message is the rule that `text` breaks; the control plane knows the rest of them. */
export function parseFault(text: string): unknown {
  const [type, ...pairs] = text.split(',');
  if (type !== 'error' && type !== 'delay') throw new Error(shape);
  const fault: Record<string, unknown> = { type };
  const commands: string[] = [];
  for (const pair of pairs) {
    const [, key, value = ''] = /^(percent|delay|command)=(.+)$/su.exec(pair) ?? [];
    if (key === undefined) throw new Error(shape);
    if (key === 'command') commands.push(value);
    else fault[key] = key === 'percent' ? parseNumber(value) : value;
  }
  return { ...fault, ...(commands.length > 0 && { commands }) };
}
