// Steady load: commands that are sent when it is their time, whether or not those before them were answered, through
// several Envoys in turn. Each writes a key of its own, so that it can be told later which writes are there.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Scope } from '../../test/support/child-process.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import type { RespClient } from '../../test/support/resp-client.ts';
import type { LoadReport } from './report.ts';
import { clockMs } from './timeline.ts';

export interface LoadOptions {
  /** Ports of 127.0.0.1, one for each Envoy. */
  readonly ports: readonly number[];
  readonly perSecond: number;
  /** Before the number of each key. */
  readonly keyPrefix?: string;
}

/** One command and what became of it. */
interface Command {
  readonly key: string;
  /** Which Envoy. */
  readonly via: number;
  readonly sentMs: number;
  answeredMs: number | undefined;
  /** Undefined while it is not answered. */
  reply: string | undefined;
}

/** To one Envoy; connected anew when it breaks. */
interface Line {
  readonly via: number;
  readonly port: number;
  client: RespClient | undefined;
}

const linesPerEnvoy = 4;
const tickMs = 5;
const reconnectMs = 50;
// Envoy gives up on a command after 5 s unless it is told otherwise.
const lastAnswersMs = 10_000;
const servedLimitMs = 120_000;
const unanswered = 'no answer';

export class Load {
  readonly #scope: Scope;
  readonly #options: LoadOptions;
  readonly #lines: readonly Line[];
  readonly #commands: Command[] = [];
  /** By Envoy, how many were answered well. */
  readonly #served: number[];
  #timer: NodeJS.Timeout | undefined;

  private constructor(scope: Scope, options: LoadOptions, lines: readonly Line[]) {
    this.#scope = scope;
    this.#options = options;
    this.#lines = lines;
    this.#served = options.ports.map(() => 0);
  }

  /** Begins when all connections are there; ends with `scope` at the latest. */
  static async start(scope: Scope, options: LoadOptions): Promise<Load> {
    // In turn: one to each Envoy, then the next one to each.
    const lines = Array.from({ length: linesPerEnvoy }, () => options.ports.map((port, via) => ({ via, port }))).flat();
    const connected = lines.map(async (line) => ({ ...line, client: await connectRedis(scope, line.port) }));
    const load = new Load(scope, options, await Promise.all(connected));
    const startMs = performance.now();
    load.#timer = setInterval(() => load.#sendUntil(performance.now() - startMs), tickMs);
    scope.after(async () => clearInterval(load.#timer));
    return load;
  }

  /** Sends no more, and resolves when all is answered, or will not be. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const deadlineMs = performance.now() + lastAnswersMs;
    const isAnyOpen = (): boolean => this.#commands.some(({ reply }) => reply === undefined);
    while (isAnyOpen() && performance.now() < deadlineMs) await sleep(tickMs);
  }

  /** Resolves when so many more were answered well through each Envoy. @throws Error when not in 2 minutes */
  async untilServed(count: number): Promise<void> {
    const wanted = this.#served.map((served) => served + count);
    const deadlineMs = performance.now() + servedLimitMs;
    while (this.#served.some((served, via) => served < (wanted[via] ?? 0))) {
      if (performance.now() > deadlineMs) throw new Error('commands are answered well no more');
      await sleep(tickMs);
    }
  }

  /** When the first of those that were sent after a moment was answered well, through one of the Envoys. */
  firstServedMs(via: number, afterMs: number): number | undefined {
    const served = this.#commands.filter((each) => each.via === via && each.sentMs > afterMs && each.reply === 'OK');
    const times = served.flatMap(({ answeredMs }) => answeredMs ?? []);
    return times.sort((a, b) => a - b)[0];
  }

  /** When the last one that failed was sent, through one of the Envoys. */
  lastFailedMs(via: number): number | undefined {
    return this.#commands.findLast((each) => each.via === via && isFailed(each))?.sentMs;
  }

  /** How many failed of those that were sent from one moment to another, both Unix, ms. */
  failedBetween(fromMs: number, toMs = Infinity): number {
    return this.#commands.filter((each) => each.sentMs >= fromMs && each.sentMs < toMs && isFailed(each)).length;
  }

  /** Keys of acknowledged writes. @param fromMs those that were sent then or later. */
  acknowledged(fromMs = 0): string[] {
    return this.#commands.filter(({ sentMs, reply }) => sentMs >= fromMs && reply === 'OK').map(({ key }) => key);
  }

  report(lost?: number): LoadReport {
    const failed = this.#commands.filter(isFailed);
    const byText = Map.groupBy(failed, ({ reply = unanswered }) => reply);
    return {
      perSecond: this.#options.perSecond,
      sent: this.#commands.length,
      answered: this.#commands.length - failed.length,
      errors: Object.fromEntries(Array.from(byText, ([text, each]) => [text, each.length])),
      lost,
    };
  }

  #sendUntil(passedMs: number): void {
    const due = Math.floor((passedMs / 1_000) * this.#options.perSecond);
    while (this.#commands.length < due) this.#sendOne();
  }

  #sendOne(): void {
    const { keyPrefix = 'drill:' } = this.#options;
    const number = this.#commands.length;
    const line = this.#lines[number % this.#lines.length] as Line;
    const key = `${keyPrefix}${number}`;
    const command: Command = { key, via: line.via, sentMs: clockMs(), answeredMs: undefined, reply: undefined };
    this.#commands.push(command);
    const answer = (reply: string): void => {
      command.answeredMs = clockMs();
      command.reply = reply;
      if (reply === 'OK') this.#served[line.via] = (this.#served[line.via] ?? 0) + 1;
    };
    const { client } = line;
    if (client === undefined) return answer('(error) no connection to Envoy');
    if (client.isClosed) void this.#reconnect(line);
    client.ask('SET', key, `${number}`).then(answer, (error: Error) => answer(`(error) ${error.message}`));
  }

  // Never rejects.
  async #reconnect(line: Line): Promise<void> {
    line.client = undefined;
    line.client = await connectRedis(this.#scope, line.port).catch(() => undefined);
    if (line.client === undefined) setTimeout(() => void this.#reconnect(line), reconnectMs).unref();
  }
}

function isFailed({ reply }: Command): boolean {
  return reply !== 'OK';
}
