// Builds the two Go programs into .cache/bench/.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the built programs and the results of partial runs are kept; git ignores it. */
export const cacheDir = fileURLToPath(new URL('../.cache/bench/', import.meta.url));

/** The control plane made with go-control-plane. */
export const peerProgram = `${cacheDir}peer`;

/** The fleet of Envoys. */
export const clientProgram = `${cacheDir}client`;

/** Builds both programs, from Go's build cache when nothing changed. Throws when Go is missing or a build fails. */
export function buildPrograms(): void {
  mkdirSync(cacheDir, { recursive: true });
  for (const [source, program] of [['peer', peerProgram], ['client', clientProgram]] as const) {
    const cwd = fileURLToPath(new URL(`${source}/`, import.meta.url));
    execFileSync('go', ['build', '-trimpath', '-o', program, '.'], { cwd, stdio: 'inherit' });
  }
}

/** The version of Go that builds the programs, such as `go1.26.0`. */
export function readGoVersion(): string {
  return execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim();
}
