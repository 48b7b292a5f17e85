// One stream without a network: what either end has written waits here until the model lets it through.

import type { DiscoveryStream } from '../../../src/xds/discovery-stream.ts';
import type { StreamTransport } from '../../../src/xds/stream-context.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import type { StreamMethod } from '../../../src/xds/stream-method.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { encodeRequest } from './discovery-message.ts';
import type { ModelRequest, ModelResponse } from './discovery-message.ts';
import { Referee } from './referee.ts';
import type { Surroundings } from './referee.ts';
import { Violation, demand } from './violation.ts';

/** What a link needs from around it. */
export interface LinkSurroundings extends Surroundings {
  /** Takes a Violation that happened inside the server, which would catch it. */
  readonly report: (violation: unknown) => void;
}

// A network takes only so much of what nobody answers: no more is let through, as if its buffers were full.
const maxUnanswered = 12;

export class Link implements StreamTransport {
  readonly peer = '127.0.0.1:1';
  readonly isPrivate = true;
  readonly method: StreamMethod;
  readonly referee: Referee;
  /** False: the client does not read, and what is written does not leave. */
  isReading = true;
  readonly #nodeId: string;
  readonly #surroundings: LinkSurroundings;
  readonly #stream: DiscoveryStream;
  #uplink: ModelRequest[] = [];
  #downlink: ModelResponse[] = [];
  #unwritten: Kind[] = [];
  #isOpen = true;
  #uploaded = 0;

  constructor(nodeId: string, hub: StreamHub, method: StreamMethod, surroundings: LinkSurroundings) {
    this.method = method;
    this.referee = new Referee(`${nodeId} ${method.kind ?? 'ads'}`, method, surroundings);
    this.#nodeId = nodeId;
    this.#surroundings = surroundings;
    this.#stream = hub.add(this, method);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True when the server takes the client to be up to date. */
  get isSettled(): boolean {
    return this.#stream.isSettled();
  }

  /** The operator has what was refused sent again. */
  retry(): void {
    for (const kind of this.#stream.retry()) this.referee.noteRetried(kind);
  }

  /** Puts a request on its way. */
  request(request: ModelRequest): void {
    if (this.#isOpen) this.#uplink.push(request);
  }

  /** Lets the next requests arrive, by default all. Gives how many did. */
  upload(count = this.#uplink.length): number {
    const arriving = this.#uplink.splice(0, count);
    for (const request of arriving) this.#arrive(request);
    return arriving.length;
  }

  /** The next response that has arrived. */
  read(): ModelResponse | undefined {
    return this.#downlink.shift();
  }

  /** Lets what was written leave, when the client reads. Gives whether anything did. */
  takeWrites(): boolean {
    if (!this.isReading || this.#unwritten.length === 0 || this.#isCrowded()) return false;
    this.#endWrites();
    return true;
  }

  /** The client goes, or the connection breaks. What was under way is lost. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.close();
    this.#uplink = [];
    this.#downlink = [];
    // Writes that were under way end too, after the stream did.
    this.#endWrites();
  }

  write(message: Uint8Array): void {
    try {
      demand(this.#isOpen, 'release', () => `written to ${this.#nodeId} after its stream ended`);
      const response = this.referee.send(message);
      const isQueued = this.#unwritten.includes(response.kind);
      demand(!isQueued, 'bounded queues', () => `${this.#nodeId}: two unwritten ${response.kind} responses`);
      this.#downlink.push(response);
      this.#unwritten.push(response.kind);
    } catch (violation) {
      this.#surroundings.report(violation);
    }
  }

  // Writes end by steps of their own, whatever was written together.
  cork(): void {}

  uncork(): void {}

  fail(status: string, message: string): void {
    this.#isOpen = false;
    if (status !== 'UNAVAILABLE') this.#surroundings.report(new Violation('stays up', `${status}: ${message}`));
  }

  #endWrites(): void {
    for (const _ of this.#unwritten.splice(0)) this.#stream.noteWritten();
  }

  #arrive(request: ModelRequest): void {
    const isFirst = this.#uploaded === 0;
    this.#uploaded += 1;
    this.referee.receive(request);
    // Every third request names the node again, as some clients do: another id than before counts for nothing.
    const nodeId = isFirst ? this.#nodeId : this.#uploaded % 3 === 0 ? `${this.#nodeId}-again` : undefined;
    const isTypeNamed = this.method.kind === undefined || this.#uploaded % 2 === 0;
    this.#stream.receive(encodeRequest(request, { apiVersion: this.method.apiVersion, nodeId, isTypeNamed }));
  }

  #isCrowded(): boolean {
    return [...this.referee.ledgers].some(({ responses }) => {
      return responses.length - 1 - responses.findLastIndex(({ answer }) => answer !== 'none') > maxUnanswered;
    });
  }
}
