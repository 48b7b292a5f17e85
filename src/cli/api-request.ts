// Calls of a running control plane's REST API, with errors that an operator can act on.

import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { formatAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import type { ProblemMessage, ProgressMessage } from '../api/v2/messages.ts';
import { formatDuration } from '../text/duration.ts';
import { Failure } from '../process/failure.ts';
import { toPrintable } from './printable.ts';

export interface ApiCall {
  readonly api: Address;
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  /** How long nothing may come, the connecting included. */
  readonly idleMs: number;
}

/**
 * The answer to a call. Where it comes as newline-delimited JSON, `onProgress` is told what comes before it.
 * @throws Failure when the control plane can't be reached, answers with an error, or breaks off.
 */
export async function askApi<Answer extends object>(
  call: ApiCall,
  onProgress: (progress: ProgressMessage) => void = () => undefined,
): Promise<Answer> {
  const response = await send(call);
  if (response.statusCode !== 200) throw await refusalOf(call, response);
  for await (const line of readLines(call, response)) {
    const message = parseMessage<Answer | ProgressMessage>(call, line);
    if (!('settled' in message)) return message;
    onProgress(message);
  }
  throw brokeOff(call, 'no answer');
}

function send(call: ApiCall): Promise<IncomingMessage> {
  const { api, method, path, idleMs } = call;
  const headers = { accept: 'application/x-ndjson, application/json;q=0.9' };
  return new Promise((resolve, reject) => {
    const { host, port } = api;
    const sent = request({ host, port, method, path, headers, timeout: idleMs, agent: false });
    let response: IncomingMessage | undefined;
    sent.on('response', (head) => resolve((response = head)));
    sent.on('timeout', () => (response ?? sent).destroy(new Error(`nothing came for ${formatDuration(idleMs)}`)));
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // The error of a host with several addresses has no message of its own.
      const reason = error.message || error.code;
      reject(new Failure(`can't reach the control plane at ${formatAddress(api)}: ${reason}`));
    });
    sent.end();
  });
}

async function refusalOf(call: ApiCall, response: IncomingMessage): Promise<Failure> {
  const body = (await Array.fromAsync(readLines(call, response))).join('\n');
  if (response.headers['content-type']?.startsWith('application/problem+json') === true) {
    return new Failure(toPrintable(parseMessage<ProblemMessage>(call, body).detail));
  }
  const { api, method, path } = call;
  return new Failure(`${formatAddress(api)} answered ${response.statusCode} to ${method} ${path}: no control plane?`);
}

/** Each line as soon as it is there; the last one may lack its newline. */
async function* readLines(call: ApiCall, response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = text.split('\n');
      lines[0] = rest + lines[0];
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    throw brokeOff(call, (error as Error).message);
  }
  if (rest !== '') yield rest;
}

function parseMessage<Message>(call: ApiCall, text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    throw new Failure(`${formatAddress(call.api)} answered what is no JSON: no control plane?`);
  }
}

function brokeOff({ api }: ApiCall, reason: string): Failure {
  return new Failure(`the control plane at ${formatAddress(api)} broke off: ${reason}`);
}
