// `npm run profile -- PROTOCOL ENVOYS CLUSTERS`: where our server's CPU time goes when commits are pushed to such a
// fleet; with `--connect`, when it connects at once.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { runClient } from './load.ts';
import type { Protocol } from './load.ts';
import { buildPrograms, cacheDir } from './programs.ts';
import { startServer } from './server.ts';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** The part that is read here of what `node --cpu-prof` writes: times in µs, samples as ids of nodes. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const shownRows = 40;
const topDir = fileURLToPath(new URL('..', import.meta.url));

const { values, positionals } = parseArgs({
  options: { connect: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [protocol = 'sotw', envoys = '1000', clusters = '100'] = positionals;
buildPrograms();
const profileDir = mkdtempSync(`${cacheDir}profile-`);
await runProfiled(profileDir);
const [file = ''] = readdirSync(profileDir);
process.stdout.write(summarize(JSON.parse(readFileSync(join(profileDir, file), 'utf8'))));
rmSync(profileDir, { recursive: true });

async function runProfiled(directory: string): Promise<void> {
  await using server = await startServer('ours', `--cpu-prof --cpu-prof-dir=${directory}`);
  const load = { protocol: protocol as Protocol, envoys: Number(envoys), clusters: Number(clusters) };
  if (values.connect) {
    const { initialMs, initialCpuMs } = await runClient(server, { ...load, warmups: 0, commits: 1, dialers: load.envoys });
    process.stdout.write(`${envoys} connect in ${initialMs.toFixed(0)} ms, ${initialCpuMs.toFixed(0)} ms CPU while profiled\n`);
  } else {
    const commits = 100;
    const { cpuMs } = await runClient(server, { ...load, warmups: 10, commits });
    process.stdout.write(`${commits} commits, ${cpuMs.toFixed(1)} ms CPU each while profiled\n`);
  }
}

function summarize(profile: CpuProfile): string {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const selfUs = new Map<string, number>();
  const partUs = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') return;
    const us = profile.timeDeltas[index] ?? 0;
    for (const [sums, key] of [[selfUs, renderFrame(frame)], [partUs, partOf(frame)]] as const) {
      sums.set(key, (sums.get(key) ?? 0) + us);
    }
  });
  const totalUs = partUs.values().reduce((sum, us) => sum + us, 0);
  return `self time, of ${(totalUs / 1000).toFixed(0)} ms that were not idle, by part:\n${renderLargest(partUs, totalUs)}`
    + `and by function:\n${renderLargest(selfUs, totalUs)}`;
}

function renderLargest(sums: ReadonlyMap<string, number>, totalUs: number): string {
  return [...sums].sort(([, a], [, b]) => b - a).slice(0, shownRows)
    .map(([name, us]) => {
      const percent = ((100 * us) / totalUs).toFixed(1).padStart(5);
      return `${percent} %  ${(us / 1000).toFixed(0).padStart(6)} ms  ${name}\n`;
    })
    .join('');
}

/** This project's `src`, a package, Node.js, or native code in brackets: system calls and HTTP/2 in `(program)`. */
function partOf({ functionName, url }: CallFrame): string {
  const [, packageName] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (packageName !== undefined) return packageName;
  if (url.startsWith('file:')) return 'src';
  return url === '' && functionName.startsWith('(') ? functionName : 'node';
}

function renderFrame({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.startsWith('file:') ? relative(topDir, fileURLToPath(url)) : url;
  return `${name} ${path}:${lineNumber + 1}`;
}
