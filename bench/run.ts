// `npm run bench`: runs the benchmarks one after the other, prints the tables and writes them to a file.

import { writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { apiCallersBenchmark } from './api-callers.ts';
import { apiChangeBenchmark } from './api-change.ts';
import { apiFileBenchmarks } from './api-file.ts';
import { apiGrowthBenchmark } from './api-growth.ts';
import { failedCell, renderTables } from './benchmark.ts';
import type { Benchmark, Cell, Effort, Row } from './benchmark.ts';
import { connectBenchmark } from './connect.ts';
import { failoverBenchmark } from './failover.ts';
import { fanoutBenchmarks } from './fanout.ts';
import { nodeGroupsBenchmark } from './node-groups.ts';
import { oneOfManyBenchmark } from './one-of-many.ts';
import { buildPrograms, cacheDir, readGoVersion } from './programs.ts';
import { renderShardedBenchmark } from './render-sharded.ts';
import { rotationBenchmarks } from './rotation.ts';
import { stalledReaderBenchmark } from './stalled-reader.ts';
import { v2Benchmarks } from './v2.ts';
import { watchingBenchmark } from './watching.ts';

const benchmarks: readonly Benchmark[] = [
  ...fanoutBenchmarks, connectBenchmark, oneOfManyBenchmark, stalledReaderBenchmark, ...v2Benchmarks,
  nodeGroupsBenchmark, watchingBenchmark, failoverBenchmark, ...rotationBenchmarks, renderShardedBenchmark, apiChangeBenchmark, ...apiFileBenchmarks, apiCallersBenchmark, apiGrowthBenchmark,
];

const help = `Usage: npm run bench -- [flags]

  --rows ID,...  Only these rows: ${benchmarks.map(({ id }) => id).join(', ')}
  --turns N      Turns of each server, of which the median counts (default 3)
  --quick        A first look: few commits, and one turn unless --turns is given

All rows in full are written to bench/results.md, anything less to .cache/bench/results.md.
`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    turns: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(help);
else await run();

async function run(): Promise<void> {
  const chosen = chooseBenchmarks(values.rows);
  const turns = Number(values.turns ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(turns) || turns < 1) throw new RangeError('--turns must be a whole number from 1 on');
  buildPrograms();
  const rows = await measureAll(chosen, { turns, quick: values.quick });
  const report = renderReport(rows, turns);
  const isWhole = chosen === benchmarks && !values.quick;
  const file = isWhole ? fileURLToPath(new URL('results.md', import.meta.url)) : `${cacheDir}results.md`;
  writeFileSync(file, report);
  process.stdout.write(report);
}

function chooseBenchmarks(ids: string | undefined): readonly Benchmark[] {
  return ids?.split(',').map((id) => {
    const benchmark = benchmarks.find((candidate) => candidate.id === id);
    if (benchmark === undefined) throw new RangeError(`no row ${id}; ${help}`);
    return benchmark;
  }) ?? benchmarks;
}

async function measureAll(chosen: readonly Benchmark[], effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  for (const benchmark of chosen) {
    process.stderr.write(`${benchmark.id}: ${benchmark.load}\n`);
    rows.push({ benchmark, cells: await measureRow(benchmark, effort) });
  }
  return rows;
}

// A row that fails costs itself alone: a whole run takes long.
async function measureRow(benchmark: Benchmark, effort: Effort): Promise<readonly Cell[]> {
  try {
    return await benchmark.measure(effort);
  } catch (error) {
    process.stderr.write(`  failed: ${(error as Error).message}\n`);
    process.exitCode = 1;
    return benchmark.columns.map(() => failedCell);
  }
}

function renderReport(rows: readonly Row[], turns: number): string {
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  return `# Results

Written by \`npm run bench\`. ${availableParallelism()} cores, ${memoryGiB} GiB of memory, Node ${process.version}, \
${readGoVersion()}; client and server on one machine, over loopback; \
${turns === 1 ? 'one turn' : `the median of ${turns} turns`} each. A figure past its limit is bold.

${renderTables(rows)}`;
}
