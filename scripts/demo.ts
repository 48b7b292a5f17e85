// The README's stories on this machine: each with a control plane, two Redis servers and a real Envoy on free loopback
// ports. Prints every command with its real output; exits non-zero when one is not as told. Starting, waiting and
// stopping is the tests' (test/support).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkoutDir } from '../test/support/checkout.ts';
import type { Scope } from '../test/support/child-process.ts';
import { findPorts } from './demo/parts.ts';
import { tellServers } from './demo/servers.ts';
import { Shell } from './demo/shell.ts';
import { tellUndo } from './demo/undo.ts';

/** Plays a story in a folder of its own. However it ends, Ctrl-C too, nothing of it is left. */
async function play(tell: typeof tellServers): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'controlplane-demo-'));
  // The tests' own handler for the exit event, which kills what is still running, came first.
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const cleanups: (() => Promise<void>)[] = [];
  const scope: Scope = { after: (cleanup) => void cleanups.unshift(cleanup) };
  const print = (lines: string): void => void process.stdout.write(`${lines}\n`);
  try {
    await tell(new Shell({ scope, cwd: checkoutDir, env: { dir }, print }), scope, await findPorts());
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

// Ctrl-C and SIGTERM end in an exit event by the tests' handler; a terminal that is closed has to be made to.
process.once('SIGHUP', () => process.exit(129));
try {
  await play(tellServers);
  await play(tellUndo);
} catch (error) {
  process.stderr.write(`demo: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
