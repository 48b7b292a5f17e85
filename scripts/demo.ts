// The README's stories on this machine: each with a control plane, two Redis servers and a real Envoy on free loopback
// ports. Prints every command with its real output; exits non-zero when one is not as told. Starting, waiting and
// stopping is the tests' (test/support).

import { checkoutDir } from '../test/support/checkout.ts';
import { findPorts } from './demo/parts.ts';
import { tellServers } from './demo/servers.ts';
import { Shell } from './demo/shell.ts';
import { tellUndo } from './demo/undo.ts';
import { inOwnFolder } from './own-folder.ts';

/** Plays a story in a folder of its own. However it ends, Ctrl-C too, nothing of it is left. */
function play(tell: typeof tellServers): Promise<void> {
  const print = (lines: string): void => void process.stdout.write(`${lines}\n`);
  return inOwnFolder('controlplane-demo-', async (scope, dir) => {
    await tell(new Shell({ scope, cwd: checkoutDir, env: { dir }, print }), scope, await findPorts());
  });
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
