// Whether a real Envoy takes what is published of random declarations, very many at each start, and which one it does
// not take.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { validateBootstrap } from '../support/envoy.ts';
import { randomDeclaration } from './declaration.ts';
import type { Declaration } from './declaration.ts';
import { encodeStaticBootstrap } from './static-bootstrap.ts';

export interface Rejected {
  /** Gives the declaration again, with the seed. */
  readonly number: number;
  readonly declaration: Declaration;
  /** What Envoy says to it. */
  readonly reason: string;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Of the first declaration. */
  readonly first?: number;
  readonly count: number;
}

export type Numbered = Omit<Rejected, 'reason'>;

/** As many random ones. */
export function randomDeclarations({ seed, first = 0, count }: FuzzOptions): Numbered[] {
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  return numbers.map((number) => ({ number, declaration: randomDeclaration(seed, number) }));
}

/** One that Envoy rejects by itself; undefined when it takes all of them. */
export async function findRejected(all: readonly Numbered[]): Promise<Rejected | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
  try {
    return await findIn(join(folder, 'bootstrap.pb'), all);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function findIn(file: string, all: readonly Numbered[]): Promise<Rejected | undefined> {
  await writeFile(file, encodeStaticBootstrap(all.map(({ declaration }) => declaration)));
  const { status, stdout, stderr } = await validateBootstrap(file);
  if (status === 0) return undefined;
  const [one, ...others] = all;
  if (one === undefined) throw new Error(`Envoy takes no bootstrap at all: ${stdout}${stderr}`);
  if (others.length === 0) return { ...one, reason: `${stdout}${stderr}` };
  const half = Math.ceil(all.length / 2);
  return (await findIn(file, all.slice(0, half))) ?? (await findIn(file, all.slice(half)));
}

/** What replays it, in full. */
export function describeRejected(seed: number, { number, declaration, reason }: Rejected): string {
  return `seed ${seed}, declaration ${number}: ${reason}\n${JSON.stringify(declaration, null, 2)}`;
}
