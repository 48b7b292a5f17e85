// `node bench/profile.ts PROTOCOL ENVOYS CLUSTERS`: where our server's CPU time goes under such a load.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runClient } from './load.ts';
import type { Protocol } from './load.ts';
import { buildPrograms, cacheDir } from './programs.ts';
import { startServer } from './server.ts';

/** The part that is read here of what `node --cpu-prof` writes: times in µs, samples as ids of nodes. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const commits = 100;
const shownFunctions = 40;
const topDir = fileURLToPath(new URL('..', import.meta.url));

const [protocol = 'sotw', envoys = '1000', clusters = '100'] = process.argv.slice(2);
buildPrograms();
const profileDir = mkdtempSync(`${cacheDir}profile-`);
await runProfiled(profileDir);
const [file = ''] = readdirSync(profileDir);
process.stdout.write(summarize(JSON.parse(readFileSync(join(profileDir, file), 'utf8'))));
rmSync(profileDir, { recursive: true });

async function runProfiled(directory: string): Promise<void> {
  await using server = await startServer('ours', `--cpu-prof --cpu-prof-dir=${directory}`);
  const measured = await runClient(server, {
    protocol: protocol as Protocol, envoys: Number(envoys), clusters: Number(clusters), warmups: 10, commits,
  });
  process.stdout.write(`${commits} commits, ${measured.cpuMs.toFixed(1)} ms CPU each while profiled\n`);
}

function summarize(profile: CpuProfile): string {
  const nameOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, renderFrame(callFrame)]));
  const selfUs = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const name = nameOf.get(id) ?? '';
    if (name !== '(idle)') selfUs.set(name, (selfUs.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  const totalUs = selfUs.values().reduce((sum, us) => sum + us, 0);
  const lines = [...selfUs].sort(([, a], [, b]) => b - a).slice(0, shownFunctions)
    .map(([name, us]) => {
      const percent = ((100 * us) / totalUs).toFixed(1).padStart(5);
      return `${percent} %  ${(us / 1000).toFixed(0).padStart(6)} ms  ${name}`;
    });
  return `self time, of ${(totalUs / 1000).toFixed(0)} ms that were not idle:\n${lines.join('\n')}\n`;
}

function renderFrame({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.startsWith('file:') ? relative(topDir, fileURLToPath(url)) : url;
  return `${name} ${path}:${lineNumber + 1}`;
}
