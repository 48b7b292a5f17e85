// Runs drivers: each probe with each library, at each kind of listener, in a process of its own, and what comes of it.
// A driver prints lines of JSON: {"event":TEXT} for an error that the library tells beside its answers, {"ready":true}
// when the server may be replaced (it goes on when something comes on its standard input), and last an Outcome.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { GENEROUS_MS } from '../../../test/support/wait-until.ts';
import { connecting, probesAt } from './probes.ts';
import type { ListenerKind, Probe } from './probes.ts';
import type { Library, Remedy } from './libraries.ts';
import { credentials } from './stage.ts';
import type { Stage } from './stage.ts';

/** What comes of a probe. */
export type Outcome =
  | { readonly outcome: 'works'; /** An error that came first. */ readonly after?: string }
  /** No error, and not what was asked for. */
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'error'; readonly error: string }
  /** No answer for a long time; the error that the library told meanwhile. */
  | { readonly outcome: 'silent'; readonly event?: string }
  /** The library has no such thing. */
  | { readonly outcome: 'missing' };

/** By default; and what makes it work, when it does not and something does. */
export type Result = Outcome & { readonly helps?: string };

/** By name of the probe. */
export type Results = Readonly<Record<string, Result>>;

/** Where libraries are tried. */
export type Place = Pick<Stage, 'portOf' | 'empty' | 'replaceServer'>;

// Far above what anything that is answered takes.
const silenceMs = GENEROUS_MS / 4;

const maxErrorLength = 110;

/** All that can be tried at this kind of listener; what connecting needs is set for all else. */
export async function tryLibrary(place: Place, library: Library, kind: ListenerKind): Promise<Results> {
  const results: Record<string, Result> = {};
  let needed: Remedy | undefined;
  for (const probe of probesAt(kind)) {
    const { result, remedy } = await tryProbe(place, library, kind, probe, needed);
    results[probe.name] = result;
    if (probe === connecting) needed = remedy;
  }
  return results;
}

/** Whether it connects, and what to set. */
export async function tryToConnect(place: Place, library: Library, kind: ListenerKind): Promise<Result> {
  return (await tryProbe(place, library, kind, connecting)).result;
}

interface Tried {
  readonly result: Result;
  /** What helps. */
  readonly remedy?: Remedy;
}

async function tryProbe(
  place: Place,
  library: Library,
  kind: ListenerKind,
  probe: Probe,
  needed?: Remedy,
): Promise<Tried> {
  const port = place.portOf(kind, probe.at?.[kind] ?? 'simple');
  const who = probe.as === undefined ? {} : credentials[probe.as];
  const run = async (options: Remedy['options'] = {}): Promise<Outcome> => {
    await place.empty();
    const target = { port, key: probe.key ?? 'k', ...who, options };
    return runDriver(library, probe.attempt ?? probe.name, target, () => place.replaceServer());
  };
  const result = await run(needed?.options);
  if (result.outcome === 'works' || result.outcome === 'missing') return { result };
  for (const remedy of library.remedies.filter((each) => each !== needed)) {
    const { outcome } = await run({ ...needed?.options, ...remedy.options });
    if (outcome === 'works') return { result: { ...result, helps: remedy.shown }, remedy };
  }
  return { result };
}

/** Throws when the driver ends without having said what came of it. */
async function runDriver(
  { command: [program = '', ...args], env }: Library,
  attempt: string,
  target: object,
  replaceServer: () => Promise<void>,
): Promise<Outcome> {
  const child = spawn(program, [...args, attempt, JSON.stringify(target)], { env: { ...process.env, ...env } });
  const closed = once(child, 'close');
  closed.catch(() => {});
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const silence = setTimeout(kill, silenceMs);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  let event: string | undefined;
  try {
    for await (const line of createInterface(child.stdout)) {
      const said = JSON.parse(line) as Outcome | { event: string } | { ready: true };
      if ('outcome' in said) return shorten(said);
      if ('event' in said) event = shortened(said.event);
      else {
        await replaceServer();
        child.stdin.write('\n');
        silence.refresh();
      }
    }
    await closed;
    if (!child.killed) throw new Error(`${program} ${args.join(' ')} ${attempt} has ended: ${complaints}`);
    return { outcome: 'silent', ...(event !== undefined && { event }) };
  } finally {
    clearTimeout(silence);
    process.off('exit', kill);
    kill();
  }
}

function shorten(said: Outcome): Outcome {
  if (said.outcome === 'error') return { ...said, error: shortened(said.error) };
  if (said.outcome === 'works' && said.after !== undefined) return { ...said, after: shortened(said.after) };
  return said;
}

// What differs from run to run is no part of an error, nor are the arguments of a command that is not known.
function shortened(error: string): string {
  const [line = ''] = error.split('\n');
  const text = line.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replace(/, with args beginning with: .*/, '');
  return text.length <= maxErrorLength ? text : `${text.slice(0, text.lastIndexOf(' ', maxErrorLength))} ...`;
}
