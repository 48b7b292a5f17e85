// What streams tell the log, in the field's words.

import type { Logger } from 'pino';

import { LineBudget } from './line-budget.ts';
import type { LineBounds } from './line-budget.ts';
import type { Node } from './node.ts';

/** A refusal as it is logged. */
export interface LoggedNack {
  readonly version: string;
  readonly nonce: string;
  readonly code: number;
  /** As it is shown, see {@link describeNack}. */
  readonly message: string;
  /** Names that the refused response changed, few of them. */
  readonly names: readonly string[];
  /** True when the response that it answers is in force, and the error is of an earlier one. */
  readonly isInForce: boolean;
}

const maxShownLength = 200;

// In place of the node before the first request: those streams count as one.
const nobody = {};

/**
 * One object for all streams: ten thousand that never log would each hold a child logger.
 * `node` is the one object of its stream, undefined before the first request. Of a stream that has much to say, and of
 * many that say something at once, lines are left out, and how many is told.
 */
export class StreamLog {
  readonly #log: Logger;
  readonly #budget: LineBudget;

  constructor(log: Logger, bounds: LineBounds = {}) {
    this.#log = log;
    this.#budget = new LineBudget(({ lines, streams, windowMs }) => {
      log.warn({ lines, streams, window_ms: windowMs }, 'log lines of streams left out');
    }, bounds);
  }

  /** Says what was left out so far; safe to repeat. */
  close(): void {
    this.#budget.close();
  }

  opened(node: Node): void {
    this.#log.debug(keysOf(node), 'discovery stream opened');
  }

  badRequest(node: Node | undefined, peer: string, reason: string): void {
    this.#write('warn', node, { ...peerUnless(node, peer), reason }, 'bad discovery request, stream ended');
  }

  failed(node: Node | undefined, peer: string, error: unknown): void {
    this.#write('error', node, { ...peerUnless(node, peer), err: error }, 'discovery stream failed');
  }

  /** By gRPC itself or the HTTP/2 below it, with this status. */
  ended(node: Node | undefined, peer: string, status: string, reason: string): void {
    const keys = { ...peerUnless(node, peer), status, reason: cut(reason) };
    this.#write('warn', node, keys, 'discovery stream ended by gRPC');
  }

  /** @param node of one of its streams. */
  connectionEnded(node: Node | undefined, peer: string): void {
    this.#write(
      'warn',
      node,
      { peer },
      'connection with discovery streams ended on our side: no answer to a ping, or frames that are none of HTTP/2',
    );
  }

  unknownType(node: Node | undefined, typeUrl: string): void {
    this.#write('warn', node, { type_url: typeUrl }, 'asked for a type that is not published, not answered');
  }

  nack(node: Node | undefined, typeUrl: string, { version, nonce, code, message, names, isInForce }: LoggedNack): void {
    this.#write(
      'warn',
      node,
      {
        type_url: typeUrl,
        version_info: version,
        response_nonce: nonce,
        resource_names: names.map(cut),
        error_detail: { code, message },
      },
      isInForce ? 'NACK of an earlier response, this one is in force' : 'NACK',
    );
  }

  largeResponse(node: Node | undefined, typeUrl: string, bytes: number): void {
    this.#write(
      'warn',
      node,
      { type_url: typeUrl, bytes },
      'large response: a gRPC client with default settings takes at most 4 MiB',
    );
  }

  #write(level: 'warn' | 'error', node: Node | undefined, keys: object, message: string): void {
    if (this.#budget.take(node ?? nobody)) this.#log[level]({ ...keysOf(node), ...keys }, message);
  }
}

/** A client's text in a message or a log line stays short, however long it was. */
export function cut(text: string): string {
  return text.length <= maxShownLength ? text : `${text.slice(0, maxShownLength)}…`;
}

function keysOf(node: Node | undefined): object {
  return node === undefined ? {} : { node_id: cut(node.id), node_cluster: cut(node.cluster) };
}

// Who it was is told by the node, where that is known.
function peerUnless(node: Node | undefined, peer: string): object {
  return node === undefined ? { peer } : {};
}
