// Many runs of the model, and what is told of the first one that fails.

import fc from 'fast-check';

import { runScenario } from './run-scenario.ts';
import { anyScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** Which runs. The same settings, with a seed, make the same runs. */
export interface RunSettings {
  readonly runs: number;
  readonly maxSteps: number;
  /** Undefined: another one each time. */
  readonly seed: number | undefined;
  /** Of one run that failed, as it was told; undefined: all runs. */
  readonly path: string | undefined;
}

/** Of the suite: every time other runs, so that each time it is run tries something new. */
export const defaultSettings: RunSettings = { runs: 1_000, maxSteps: 60, seed: undefined, path: undefined };

/**
 * Reads the settings from `XDS_MODEL_RUNS`, `XDS_MODEL_STEPS`, `XDS_MODEL_SEED` and `XDS_MODEL_PATH`; what is not
 * set is as in {@link defaultSettings}. Throws on what is no number.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): RunSettings {
  return {
    runs: readInteger(env, 'XDS_MODEL_RUNS') ?? defaultSettings.runs,
    maxSteps: readInteger(env, 'XDS_MODEL_STEPS') ?? defaultSettings.maxSteps,
    seed: readInteger(env, 'XDS_MODEL_SEED') ?? defaultSettings.seed,
    path: env['XDS_MODEL_PATH'],
  };
}

/** Undefined when all runs passed; else a report: the shrunk scenario, what happened in it, and how to replay it. */
export async function findFailure({ runs, maxSteps, seed, path }: RunSettings): Promise<string | undefined> {
  const property = fc.asyncProperty(anyScenario(maxSteps), async (scenario) => {
    runScenario(scenario);
    // Garbage that waits for the end of a turn must not pile up over thousands of runs.
    await new Promise((resolve) => setImmediate(resolve));
  });
  const details = await fc.check(property, {
    numRuns: runs,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return undefined;
  const { seed: seedOfFailure, counterexamplePath, numRuns, counterexample } = details;
  const [scenario] = counterexample ?? [];
  const replay = `XDS_MODEL_SEED=${seedOfFailure} XDS_MODEL_PATH=${counterexamplePath} XDS_MODEL_STEPS=${maxSteps}`;
  return [
    `run ${numRuns} failed; to replay it: ${replay}`,
    JSON.stringify({ ...scenario, steps: undefined }),
    ...(scenario === undefined ? [] : retell(scenario)),
  ].join('\n');
}

/** What happens in a scenario, line by line, with the Violation at the end. */
function retell(scenario: Scenario): string[] {
  const lines: string[] = [];
  try {
    runScenario(scenario, (line) => lines.push(line()));
  } catch (error) {
    lines.push(String(error));
    if ((error as Error).name !== 'Violation') lines.push(String((error as Error).stack));
  }
  return lines;
}

function readInteger(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`${name}: ${JSON.stringify(text)} is no integer`);
  return value;
}
