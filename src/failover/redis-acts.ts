// The acts of a promotion on Redis servers and those that speak as it does: a connection to each that is asked, kept
// until it is over.

import { parseServerAddress } from '../net/address.ts';
import { Connection } from '../watch/connection.ts';
import type { Target } from '../watch/connection.ts';
import { within } from '../watch/deadline.ts';
import { ReplyError } from '../watch/resp.ts';
import type { Reply } from '../watch/resp.ts';
import { ActError } from './acts.ts';
import type { Acts } from './acts.ts';
import { readStanding } from './standing.ts';
import type { Standing } from './standing.ts';

/** Whom to connect to, with the secrets as they are now, or one line on why nobody can. */
export type FindTarget = (server: string) => Target | { readonly problem: string };

export interface RedisActsParts {
  readonly findTarget: FindTarget;
  /** Undefined: no Sentinels are declared. */
  readonly failOver?: (() => Promise<string>) | undefined;
}

// A server that is to be promoted answers at once, or is none to be promoted.
const connectMs = 1_000;
const answerMs = 2_000;

export class RedisActs implements Acts {
  readonly #parts: RedisActsParts;
  readonly #connections = new Map<string, Promise<Connection>>();

  constructor(parts: RedisActsParts) {
    this.#parts = parts;
  }

  async look(server: string): Promise<Standing | { readonly problem: string }> {
    try {
      const [info, role] = await Promise.all([
        this.#ask(server, ['INFO']),
        this.#ask(server, ['ROLE']).catch(() => undefined),
      ]);
      return readStanding(server, String(info), role);
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }

  async pauseWrites(server: string, ms: number): Promise<void> {
    await this.#ask(server, ['CLIENT', 'PAUSE', `${ms}`, 'WRITE']);
  }

  async unpause(server: string): Promise<void> {
    await this.#ask(server, ['CLIENT', 'UNPAUSE']);
  }

  async killClients(server: string): Promise<void> {
    await this.#ask(server, ['CLIENT', 'KILL', 'TYPE', 'normal']);
  }

  async promote(server: string): Promise<void> {
    await this.#ask(server, ['REPLICAOF', 'NO', 'ONE']);
    await this.#rewriteConfig(server);
  }

  async follow(server: string, primary: string): Promise<void> {
    const { host, port } = parseServerAddress(primary);
    await this.#ask(server, ['REPLICAOF', host, `${port}`]);
    await this.#rewriteConfig(server);
  }

  async takeOver(server: string, limitMs: number): Promise<void> {
    await this.#ask(server, ['REPLTAKEOVER', `${Math.ceil(limitMs / 1_000)}`], limitMs + answerMs);
  }

  async findSentinels(server: string): Promise<string | undefined> {
    const counts = await this.#ask(server, ['PUBSUB', 'NUMSUB', '__sentinel__:hello']).catch(() => undefined);
    if (Array.isArray(counts) && Number(counts[1]) > 0) return 'somebody listens to __sentinel__:hello on it';
    const clients = await this.#ask(server, ['CLIENT', 'LIST']).catch(() => '');
    // A Sentinel names its connections `sentinel-ID-cmd` and `sentinel-ID-pubsub`.
    const [, name] = /\bname=(sentinel-\S+)/u.exec(String(clients)) ?? [];
    return name === undefined ? undefined : `it has a connection named ${name}`;
  }

  failOver(): Promise<string> {
    const { failOver } = this.#parts;
    return failOver === undefined ? Promise.reject(new ActError('no Sentinels are declared')) : failOver();
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.then((open) => open.close(), () => undefined);
    this.#connections.clear();
  }

  // So that a restart does not undo it, as Sentinel does; without a file, or the right, it is in memory alone.
  async #rewriteConfig(server: string): Promise<void> {
    await this.#ask(server, ['CONFIG', 'REWRITE']).catch(() => undefined);
  }

  async #ask(server: string, words: readonly string[], limitMs: number = answerMs): Promise<Reply> {
    const kept = this.#connections.get(server);
    const opening = kept ?? this.#open(server);
    if (kept === undefined) this.#connections.set(server, opening);
    try {
      const connection = await opening;
      return await within(limitMs, connection.ask(...words));
    } catch (error) {
      if (!(error instanceof ReplyError)) this.#forget(server, opening);
      throw new ActError((error as Error).message, { cause: error });
    }
  }

  async #open(server: string): Promise<Connection> {
    const target = this.#parts.findTarget(server);
    if ('problem' in target) throw new ActError(target.problem);
    const connection = new Connection(target, connectMs);
    try {
      await connection.open();
    } catch (error) {
      const { trouble, detail } = await connection.explain(error as Error);
      connection.close();
      throw new ActError(`${trouble}: ${detail}`);
    }
    connection.onEnd(() => this.#connections.delete(server));
    return connection;
  }

  #forget(server: string, opening: Promise<Connection>): void {
    if (this.#connections.get(server) === opening) this.#connections.delete(server);
    opening.then((connection) => connection.close(), () => undefined);
  }
}
