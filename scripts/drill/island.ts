// A control plane on an island: in a network namespace of its own, where it reaches servers, and is reached by Envoys,
// over bridges alone. So it can be cut off from all servers while nobody else is, and sees them at the addresses that
// it publishes. Needs no rights where the kernel lets users make namespaces.

import { join } from 'node:path';

import { checkoutDir, checkoutPath } from '../../test/support/checkout.ts';
import { startChild } from '../../test/support/child-process.ts';
import type { Scope } from '../../test/support/child-process.ts';
import { freePort } from '../../test/support/free-port.ts';
import { runCommand } from '../../test/support/run-command.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { startRelay } from '../../test/support/xds/relay.ts';
import type { Inside } from './island-inside.ts';
import { NotHereError } from './scenario.ts';
import type { ControlPlaneAddress } from './stage.ts';

export interface Island extends ControlPlaneAddress {
  /** From now on nothing passes between it and any server; Envoys and callers reach it as before. */
  cutOff(): void;
  /** All passes again. */
  mend(): void;
}

// All that is started in it ends with it.
const namespace = ['--user', '--map-root-user', '--net', '--pid', '--fork', '--kill-child'];
const enter = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;

/**
 * Starts a control plane that may reach these ports of 127.0.0.1, and waits until it serves; killed when `scope` ends.
 * @throws NotHereError
 */
export async function startIsland(scope: Scope, serverPorts: readonly number[]): Promise<Island> {
  await checkNamespaces();
  const dir = await tempDir(scope);
  const bridgeOf = (port: number): string => join(dir, `${port}.sock`);
  const [xdsPort, apiPort] = [await freePort(), await freePort()];
  const toServers = await Promise.all(serverPorts.map((port) => startRelay(scope, port, bridgeOf(port))));
  const addresses = ['--xds-address', `127.0.0.1:${xdsPort}`, '--api-address', `127.0.0.1:${apiPort}`];
  const inside: Inside = {
    bridges: [
      ...serverPorts.map((port) => ({ from: port, to: bridgeOf(port) })),
      ...[xdsPort, apiPort].map((port) => ({ from: bridgeOf(port), to: port })),
    ],
    command: [...node, checkoutPath('src/main.ts'), ...addresses, '--data-dir', join(dir, 'data')],
  };
  const program = checkoutPath('scripts/drill/island-inside.ts');
  const command = [...namespace, ...enter, ...node, program, JSON.stringify(inside)];
  const child = startChild(scope, 'control plane on an island', 'unshare', command, { cwd: checkoutDir });
  for (const port of [xdsPort, apiPort]) await startRelay(scope, bridgeOf(port), port);
  const api = `127.0.0.1:${apiPort}`;
  await child.until('it serves', async () => (await fetch(`http://${api}/healthz`)).ok);
  return {
    api,
    xdsPort,
    cutOff: () => toServers.forEach((relay) => relay.cut()),
    mend: () => toServers.forEach((relay) => relay.mend()),
  };
}

async function checkNamespaces(): Promise<void> {
  const tried = await runCommand('unshare', [...namespace, ...enter, 'true']).catch((error: Error) => {
    return { status: -1, stderr: error.message };
  });
  if (tried.status !== 0) throw new NotHereError(`no network namespace can be made: ${tried.stderr.trim()}`);
}
