// `npm run drill`: something happens to Redis servers under steady load, with real Envoys and a fleet of light ones, on
// free loopback ports of this machine. Prints when what happened, what became of the commands, and whether what is
// promised was kept; exits with 1 when it was not. docs/drill.md tells how to read it.

import { parseArgs } from 'node:util';

import { renderReport, isKept } from './drill/report.ts';
import type { Report } from './drill/report.ts';
import { NotHereError } from './drill/scenario.ts';
import type { Scenario } from './drill/scenario.ts';
import { scenarios } from './drill/scenarios.ts';
import { usualSettings } from './drill/stage.ts';
import type { Settings } from './drill/stage.ts';
import { inOwnFolder } from './own-folder.ts';

const list = scenarios.map(({ name, summary }) => `  ${name.padEnd(20)}${summary}\n`).join('');

const help = `Usage: npm run drill -- [flags] [NAME ...]

Plays all drills, or those that are named:
${list}
  --rate N    Commands a second, through both Envoys together (default ${usualSettings.perSecond})
  --envoys N  Light Envoys besides (default ${usualSettings.lightEnvoys})
  --json      Reports as JSON, one a line
  --list      What there is to play
  --help      This text
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string' },
    envoys: { type: 'string' },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// Ctrl-C and SIGTERM end in an exit event by the tests' handler; a terminal that is closed has to be made to.
process.once('SIGHUP', () => process.exit(129));
if (values.help) process.stdout.write(help);
else if (values.list) process.stdout.write(list);
else await runAll();

async function runAll(): Promise<void> {
  try {
    const settings: Settings = {
      ...usualSettings,
      perSecond: parseCount('--rate', values.rate) ?? usualSettings.perSecond,
      lightEnvoys: parseCount('--envoys', values.envoys) ?? usualSettings.lightEnvoys,
    };
    for (const scenario of choose(positionals)) await runOne(scenario, settings);
  } catch (error) {
    fail((error as Error).message);
  }
}

// One that can't be played to its end costs itself alone.
async function runOne({ name, run }: Scenario, settings: Settings): Promise<void> {
  try {
    await inOwnFolder('controlplane-drill-', async (scope, dir) => {
      // What is started keeps its files here.
      process.env['TMPDIR'] = dir;
      print(await run(scope, settings));
    });
  } catch (error) {
    if (error instanceof NotHereError) process.stderr.write(`drill: ${name} can't be played here: ${error.message}\n`);
    else fail(`${name}: ${(error as Error).message}`);
  }
}

function print(report: Report): void {
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${renderReport(report)}\n`);
  if (!isKept(report)) process.exitCode = 1;
}

function fail(why: string): void {
  process.stderr.write(`drill: ${why}\n`);
  process.exitCode = 1;
}

function choose(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return scenarios;
  return names.map((name) => {
    const found = scenarios.find((scenario) => scenario.name === name);
    if (found === undefined) throw new Error(`there is no drill ${name}; --list tells what there is`);
    return found;
  });
}

function parseCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/u.test(text)) throw new Error(`${flag} must be a whole number from 1 to 999999, not ${text}`);
  return Number(text);
}
