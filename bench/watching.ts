// What it costs to watch 1,000 servers once a second, over what the same control plane costs while it watches nobody.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ApiClient } from './api-client.ts';
import { show } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { startServer } from './server.ts';
import type { Server } from './server.ts';
import { median } from './statistics.ts';

const serverCount = 1_000;
const clusterCount = 10;
const settleMs = 15_000;
const learnLimitMs = 60_000;

/** In percent of one core, and MiB. */
interface Cost {
  readonly cpu: number;
  readonly memory: number;
}

export const watchingBenchmark: Benchmark = {
  id: 'watching',
  table: 'Servers watched, over an idle control plane',
  load: `${serverCount} servers in ${clusterCount} clusters, once a second`,
  columns: ['CPU, of one core', 'resident memory'],
  async measure(effort) {
    const costs: Cost[] = [];
    for (let turn = 0; turn < effort.turns; turn++) costs.push(await measureOnce(effort));
    return [
      show(median(costs.map(({ cpu }) => cpu)), '%', 10),
      show(median(costs.map(({ memory }) => memory)), 'MiB', 60),
    ];
  },
};

async function measureOnce({ quick }: Effort): Promise<Cost> {
  const watchMs = quick ? 10_000 : 30_000;
  await using responders = await startResponders();
  await using server = await startServer('ours');
  using api = new ApiClient(server.apiAddress);
  await declare(api, responders.ports, 'off');
  const idle = await observe(server, watchMs);
  await declare(api, responders.ports, 'on');
  await waitUntilUp(server);
  const watching = await observe(server, watchMs);
  return { cpu: watching.cpu - idle.cpu, memory: watching.memory - idle.memory };
}

async function declare(api: ApiClient, ports: readonly number[], watch: string): Promise<void> {
  const size = serverCount / clusterCount;
  for (let index = 0; index < clusterCount; index++) {
    const endpoints = ports.slice(index * size, (index + 1) * size).map((port) => ({ address: '127.0.0.1', port }));
    await api.call('PUT', `/api/v2/clusters/c${index}`, { endpoints, watch });
  }
  await api.call('POST', '/api/v2/commit');
}

async function waitUntilUp({ apiAddress }: Server): Promise<void> {
  const deadline = performance.now() + learnLimitMs;
  for (;;) {
    const text = await (await fetch(`http://${apiAddress}/metrics`)).text();
    const [, up] = /^controlplane_watched_servers\{state="up"\} (\d+)$/m.exec(text) ?? [];
    if (Number(up) === serverCount) return;
    if (performance.now() > deadline) throw new Error(`${up} of ${serverCount} servers are up after ${learnLimitMs} ms`);
    await sleep(500);
  }
}

async function observe(server: Server, forMs: number): Promise<Cost> {
  await sleep(settleMs);
  const [beforeMs, startMs] = [cpuMsOf(server), performance.now()];
  await sleep(forMs);
  const cpu = (100 * (cpuMsOf(server) - beforeMs)) / (performance.now() - startMs);
  return { cpu, memory: memoryOf(server) };
}

const tickMs = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

// User and system time are the 14th and 15th fields; the name of the program, the second, may have blanks.
function cpuMsOf({ pid }: Server): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /su, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function memoryOf({ pid }: Server): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}

interface Responders extends AsyncDisposable {
  readonly ports: readonly number[];
}

async function startResponders(): Promise<Responders> {
  const program = fileURLToPath(new URL('responders.ts', import.meta.url));
  const child = spawn(process.execPath, [program, `${serverCount}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const killChild = () => void child.kill('SIGKILL');
  process.once('exit', killChild);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    ports: JSON.parse(line) as number[],
    async [Symbol.asyncDispose]() {
      killChild();
      await exited;
      process.off('exit', killChild);
    },
  };
}
