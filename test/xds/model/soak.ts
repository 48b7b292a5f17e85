// `npm run soak`: first random declarations before a real Envoy, then the model for as long as one likes. Every batch
// of runs has a seed of its own and is told when it is done; the first failure is told with what replays it, and ends
// the soak.

import { parseArgs } from 'node:util';

import { soakDeclarations } from '../../fuzz/soak-declarations.ts';
import { defaultSettings, findFailure } from './check-runs.ts';

const help = `Usage: npm run soak -- [flags]

  --declarations N  Random declarations that Envoy must take (default 2000)
  --minutes N       Begin no batch of the model later than that (default 10)
  --runs N          Runs of one batch (default ${defaultSettings.runs})
  --steps N         Steps that a run has at most (default ${defaultSettings.maxSteps})
  --seed N          Seed of the declarations and of the first batch, the next has the next (default another each time)
`;

const { values } = parseArgs({
  options: {
    declarations: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '10' },
    runs: { type: 'string', default: String(defaultSettings.runs) },
    steps: { type: 'string', default: String(defaultSettings.maxSteps) },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
  process.exit();
}

const minutes = toNumber('minutes', values.minutes);
const settings = { runs: toNumber('runs', values.runs), maxSteps: toNumber('steps', values.steps), path: undefined };
const firstSeed = toNumber('seed', values.seed);
const declarations = toNumber('declarations', values.declarations);

const rejection = await soakDeclarations(firstSeed, declarations, console.log);
if (rejection !== undefined) {
  console.error(rejection);
  process.exit(1);
}

const startMs = performance.now();

for (let batch = 0; performance.now() - startMs < minutes * 60_000; batch += 1) {
  const seed = firstSeed + batch;
  const failure = await findFailure({ ...settings, seed });
  if (failure !== undefined) {
    console.error(failure);
    process.exit(1);
  }
  const runs = (batch + 1) * settings.runs;
  const mebibytes = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(`${runs} runs in ${Math.round((performance.now() - startMs) / 1_000)} s, seed ${seed}, ${mebibytes} MiB`);
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name}: ${JSON.stringify(text)} is no number`);
  return value;
}
