// What the drivers in TypeScript share. A driver is a program that tries one probe with one client library: it is given
// the probe's name and a target (JSON), and prints lines of JSON (library-runs.ts says which). Who waits ends it.

import { once } from 'node:events';

/** Where to connect to, and as whom. */
export interface Target {
  readonly port: number;
  /** A key that the listener has a place for. */
  readonly key: string;
  readonly username?: string;
  readonly password?: string;
  /** Settings of the library, in its own words. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Tries one thing. Throws what the library says; an error that came first, and no more later, is returned. */
export type Attempt = (target: Target) => Promise<string | void>;

/** The library has reported no error, and yet it is not so. */
class Wrong extends Error {}

const pauseMs = 200;

export async function drive(attempts: Readonly<Record<string, Attempt>>): Promise<void> {
  const [name = '', target = ''] = process.argv.slice(2);
  const attempt = attempts[name];
  if (attempt === undefined) return end({ outcome: 'missing' });
  try {
    const after = await attempt(JSON.parse(target) as Target);
    end({ outcome: 'works', ...(after !== undefined && { after }) });
  } catch (error) {
    end(error instanceof Wrong ? { outcome: 'wrong' } : { outcome: 'error', error: messageOf(error) });
  }
}

/** An error that the library tells beside what it answers. */
export function noteEvent(error: unknown): void {
  print({ event: messageOf(error) });
}

export function expect(isSo: boolean): void {
  if (!isSo) throw new Wrong();
}

/** Resolves once the server behind the listener is another one. */
export async function untilReplaced(): Promise<void> {
  print({ ready: true });
  await once(process.stdin, 'data');
}

/** Until it does not throw; resolves with what was thrown first. */
export async function insist(ask: () => Promise<unknown>): Promise<string | undefined> {
  for (let first: string | undefined; ; await pause()) {
    try {
      await ask();
      return first;
    } catch (error) {
      first ??= messageOf(error);
    }
  }
}

export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}

function messageOf(error: unknown): string {
  const { name, message } = error as Error;
  return message === '' ? name : message;
}

function end(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
