// Flags for whether the control plane watches the servers of a cluster, and how.

import { parseJsonObject } from './object-flags.ts';
import type { FieldFlag } from './object-flags.ts';

export const watchFlags: readonly FieldFlag[] = [
  {
    flags: '--watch <on|off|JSON>',
    path: ['watch'],
    parse: parseWatch,
    help: 'Whether the control plane looks at its servers; as {"interval":"2s","max_down_percent":80}, fields left out stay.',
  },
  {
    flags: '--protocol <PROTOCOL>',
    path: ['protocol'],
    choices: ['redis', 'http', 'tcp'],
    help: 'Of a plain one: what its servers speak; only redis is watched. Default: redis',
  },
];

function parseWatch(text: string): unknown {
  if (text === 'on' || text === 'off') return text;
  try {
    return parseJsonObject(text);
  } catch {
    throw new Error('must be on, off, or a JSON object, such as {"interval":"2s"}');
  }
}
