// Starts and stops a server under measurement, on free loopback ports.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { peerProgram } from './programs.ts';

/** `ours` is this project with its state on disk, `peer` the one made with go-control-plane. */
export type ServerKind = 'ours' | 'peer';

/** A running server; disposing stops it and removes its state. */
export interface Server extends AsyncDisposable {
  /** The process that serves. */
  readonly pid: number;
  readonly xdsAddress: string;
  readonly apiAddress: string;
  /** Where ours keeps its state. */
  readonly stateDir: string;
}

const startLimitMs = 20_000;
const stopLimitMs = 10_000;
const launcher = fileURLToPath(new URL('../controlplane', import.meta.url));

/**
 * Starts a server and returns when both its ports are open; throws when it exits before that.
 * Ours is started as its users start it; `nodeOptions` is NODE_OPTIONS for it, as for a profile.
 */
export async function startServer(kind: ServerKind, nodeOptions = ''): Promise<Server> {
  const stateDir = mkdtempSync(join(tmpdir(), 'bench-'));
  const [xdsAddress, apiAddress] = await findFreeAddresses();
  const addresses = [`--xds-address=${xdsAddress}`, `--api-address=${apiAddress}`];
  const [program, flags] = kind === 'peer'
    ? [peerProgram, []]
    : [launcher, [`--data-dir=${stateDir}`, '--log-level=warn', '--log-format=json']];
  const child = spawn(program, [...addresses, ...flags], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  const killChild = () => void child.kill('SIGKILL');
  process.once('exit', killChild);
  const server: Server = {
    get pid() {
      return kind === 'ours' ? daemonOf(child) : (child.pid ?? 0);
    },
    xdsAddress,
    apiAddress,
    stateDir,
    async [Symbol.asyncDispose]() {
      await stop(child);
      process.off('exit', killChild);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
  try {
    for (const address of [xdsAddress, apiAddress]) await waitUntilOpen(address, child);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** The launcher's child; there is one while both ports are open. */
function daemonOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

async function findFreeAddresses(): Promise<[string, string]> {
  const probes = [createServer(), createServer()] as const;
  const addresses = await Promise.all(probes.map(async (probe) => {
    probe.listen(0, '127.0.0.1');
    await once(probe, 'listening');
    return `127.0.0.1:${(probe.address() as AddressInfo).port}`;
  }));
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return addresses as [string, string];
}

async function waitUntilOpen(address: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  while (!(await isOpen(address))) {
    if (hasExited(child)) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}`);
    if (Date.now() > deadline) throw new Error(`the server did not open ${address} in ${startLimitMs} ms`);
    await sleep(20);
  }
}

function isOpen(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasExited(child)) return;
  const exited = once(child, 'exit');
  const killTimer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(killTimer);
}
