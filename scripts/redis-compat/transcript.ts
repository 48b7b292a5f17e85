// What several clients of Redis said and were answered, as one reads it on a screen.

import type { RespClient } from '../../test/support/resp-client.ts';

/** A client that writes down what it does; made by {@link Transcript.as}. */
export type Speaker = (...commands: readonly string[]) => Promise<void>;

export class Transcript {
  readonly #lines: string[] = [];

  /** All so far: lines of `name> command`, each followed by its reply. */
  get text(): string {
    return this.#lines.join('\n');
  }

  /** A client under this name, which sends commands (words separated by blanks) one after the other. */
  as(name: string, redis: RespClient): Speaker {
    return async (...commands) => {
      for (const command of commands) this.#note(name, command, await redis.ask(...command.split(' ')));
    };
  }

  /** Sends one command several times and notes how often each reply came, for what depends on whose turn it is. */
  async repeat(name: string, redis: RespClient, times: number, command: string): Promise<void> {
    const counts = new Map<string, number>();
    for (let time = 0; time < times; time++) {
      const reply = await redis.ask(...command.split(' '));
      counts.set(reply, (counts.get(reply) ?? 0) + 1);
    }
    const replies = Array.from(counts, ([reply, count]) => `${count} x ${reply}`).toSorted();
    this.#note(name, `${command}   (${times} times)`, replies.join('\n'));
  }

  #note(name: string, command: string, reply: string): void {
    this.#lines.push(`${name}> ${command}`, reply.trimEnd());
  }
}
