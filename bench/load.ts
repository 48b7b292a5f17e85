// A load is what the fleet of Envoys does to one server; a measurement is what came of it.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { clientProgram } from './programs.ts';
import { startServer } from './server.ts';
import type { Server, ServerKind } from './server.ts';
import { median } from './statistics.ts';

/** How the fleet speaks xDS on its aggregated streams; v3 unless the name says v2. */
export type Protocol = 'sotw' | 'delta' | 'sotw-v2' | 'delta-v2';

/** The client's flags, see bench/client. */
export interface Load {
  readonly protocol: Protocol;
  readonly envoys: number;
  readonly clusters: number;
  readonly warmups: number;
  readonly commits: number;
  /** What a commit changes; an endpoint unless given. */
  readonly change?: 'endpoint' | 'password' | 'certificate';
  /** Envoys that stop reading once they have their first state; 0 unless given. */
  readonly stalled?: number;
  /** Envoys that connect at the same time; 256 unless given. */
  readonly dialers?: number;
  /** False goes on to the next commit as soon as the last one has arrived. True unless given. */
  readonly settle?: boolean;
}

/** One turn of a server under a load, or the medians of several; times in ms, memory in MiB. */
export interface Measurement {
  /** First dial to the last Envoy's first state. */
  readonly initialMs: number;
  /** The server's CPU time for that. */
  readonly initialCpuMs: number;
  /** Connections that broke before the first state, over all Envoys; each was made again. */
  readonly reconnects: number;
  /** Sending a commit to the last Envoy having its change, the median commit. */
  readonly arrivalMs: number;
  /** Sending a commit to its answer, the median commit. */
  readonly answerMs: number;
  /** The server's CPU time for one commit: staging, pushing, taking the ACKs. */
  readonly cpuMs: number;
  /** Resident memory with the fleet connected, after the warm-up, and after the last commit. */
  readonly connectedMiB: number;
  readonly warmMiB: number;
  readonly memoryMiB: number;
}

/** The client's output, see `report` in bench/client/main.go. */
interface ClientReport {
  readonly initial_ms: number;
  readonly initial_cpu_ms: number;
  readonly reconnects: number;
  readonly arrival_ms: readonly number[];
  readonly answer_ms: readonly number[];
  readonly cpu_ms_per_commit: number;
  readonly rss_connected_kib: number;
  readonly rss_warm_kib: number;
  readonly rss_kib: number;
}

// Two times for each commit: 10,000 commits make less than 1 MiB.
const maxReportBytes = 16 * 1024 * 1024;

/** Runs a load on a fresh server of each kind in turn, `turns` times, and returns the medians for each kind. */
export async function measureInTurns<Kind extends ServerKind>(
  kinds: readonly Kind[], load: Load, turns: number,
): Promise<Record<Kind, Measurement>> {
  const measured = new Map<Kind, Measurement[]>(kinds.map((kind) => [kind, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const [kind, measurements] of measured) {
      const measurement = await measure(kind, load);
      measurements.push(measurement);
      process.stderr.write(`  ${kind} turn ${turn + 1}/${turns}: ${renderTurn(measurement)}\n`);
    }
  }
  const medians = Array.from(measured, ([kind, measurements]) => [kind, combine(measurements)] as const);
  return Object.fromEntries(medians) as Record<Kind, Measurement>;
}

async function measure(kind: ServerKind, load: Load): Promise<Measurement> {
  await using server = await startServer(kind);
  return await runClient(server, load);
}

/** Puts one load on a running server. Throws when a stream fails or a commit does not arrive everywhere. */
export async function runClient(server: Server, load: Load): Promise<Measurement> {
  const { stdout } = await promisify(execFile)(clientProgram, [
    `-xds-address=${server.xdsAddress}`, `-api-address=${server.apiAddress}`, `-pid=${server.pid}`,
    ...Object.entries(load).map(([flag, value]) => `-${flag}=${value}`),
  ], { maxBuffer: maxReportBytes }).catch((error: { stderr: string }) => {
    throw new Error(error.stderr.trim());
  });
  const report: ClientReport = JSON.parse(stdout);
  return {
    initialMs: report.initial_ms,
    initialCpuMs: report.initial_cpu_ms,
    reconnects: report.reconnects,
    arrivalMs: median(report.arrival_ms),
    answerMs: median(report.answer_ms),
    cpuMs: report.cpu_ms_per_commit,
    connectedMiB: report.rss_connected_kib / 1024,
    warmMiB: report.rss_warm_kib / 1024,
    memoryMiB: report.rss_kib / 1024,
  };
}

/** The medians of several turns. */
export function combine(measurements: readonly Measurement[]): Measurement {
  const medianOf = (key: keyof Measurement) => median(measurements.map((measurement) => measurement[key]));
  return {
    initialMs: medianOf('initialMs'),
    initialCpuMs: medianOf('initialCpuMs'),
    reconnects: medianOf('reconnects'),
    arrivalMs: medianOf('arrivalMs'),
    answerMs: medianOf('answerMs'),
    cpuMs: medianOf('cpuMs'),
    connectedMiB: medianOf('connectedMiB'),
    warmMiB: medianOf('warmMiB'),
    memoryMiB: medianOf('memoryMiB'),
  };
}

function renderTurn(measurement: Measurement): string {
  const { initialMs, initialCpuMs, reconnects, arrivalMs, answerMs, cpuMs, memoryMiB } = measurement;
  return `connect ${initialMs.toFixed(0)} ms (CPU ${initialCpuMs.toFixed(0)} ms, reconnects ${reconnects}), `
    + `arrival ${arrivalMs.toFixed(1)} ms, answer ${answerMs.toFixed(1)} ms, CPU ${cpuMs.toFixed(1)} ms, `
    + `memory ${memoryMiB.toFixed(0)} MiB`;
}
