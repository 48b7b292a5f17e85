// The program with a command, as a user runs it, and an Envoy for it to see.

import { checkoutPath } from '../support/checkout.ts';
import { startChild } from '../support/child-process.ts';
import type { Child, Scope } from '../support/child-process.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { runCommand } from '../support/run-command.ts';
import type { Finished } from '../support/run-command.ts';
import { SotwClient } from '../support/xds/sotw-client.ts';
import { XdsConnection } from '../support/xds/xds-connection.ts';

const program: readonly string[] = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts')];

// Whoever runs the tests may have a file of defaults.
const noPreferences = { CONTROLPLANE_CONFIG: '' };

/** Runs a command to its end. */
export function runCli(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return runCommand(process.execPath, [...program, ...words], { env: { ...noPreferences, ...env } });
}

/** Starts a command and leaves it running. */
export function startCli(scope: Scope, words: readonly string[]): Child {
  return startChild(scope, words.join(' '), process.execPath, [...program, ...words]);
}

/** A v3 client on an aggregated stream that holds all clusters, and the endpoints of those named. */
export async function connectEnvoy(
  scope: Scope,
  { place }: ControlPlane,
  nodeId: string,
  clusters: readonly string[] = ['a'],
): Promise<SotwClient> {
  const connection = new XdsConnection(place.xdsPort);
  scope.after(async () => connection.close());
  const client = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true }, nodeId);
  client.subscribe('cluster');
  await client.takeAndAck('cluster');
  client.subscribe('endpoint', ...clusters);
  await client.takeAndAck('endpoint');
  return client;
}
