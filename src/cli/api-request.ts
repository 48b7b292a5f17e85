// Calls of a running control plane's REST API, with errors that an operator can act on.

import { request as requestInTheClear } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

import type { ProgressMessage } from '../api/v2/messages.ts';
import { formatDuration } from '../text/duration.ts';
import { Failure } from '../process/failure.ts';
import { formatApiAddress } from './api-address.ts';
import type { ApiAddress } from './api-address.ts';
import { explainUnreachable } from './api-unreachable.ts';
import type { RefusalMessage } from './messages.ts';
import { Refusal } from './refusal.ts';

export interface ApiCall {
  readonly api: ApiAddress;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  /** In lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FileBody;
  /** Ends the call when it is aborted. */
  readonly signal?: AbortSignal;
  /** How long nothing may come, the connecting included. */
  readonly idleMs: number;
}

/** A body that is sent as it is read. */
export interface FileBody {
  readonly pieces: Readable;
  /** Bytes. */
  readonly size: number;
}

export interface ApiAnswer {
  /** In lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** '' when there is none. */
  readonly text: string;
}

const linesType = 'application/x-ndjson';
const problemType = 'application/problem+json';

/**
 * The answer to a call. Where it comes as newline-delimited JSON, `onProgress` is told what comes before it.
 * @throws Failure when the control plane can't be reached, answers with an error (a {@link Refusal}), or breaks off.
 */
export async function askApi<Answer extends object>(
  call: ApiCall,
  onProgress: (progress: ProgressMessage) => void = () => undefined,
): Promise<Answer> {
  const accept = `${linesType}, application/json;q=0.9`;
  const response = await send({ ...call, headers: { accept, ...call.headers } });
  if (!isSuccess(response)) throw await refusalOf(call, response);
  if (!isOfType(response, linesType)) {
    const text = await readText(call, response);
    if (text === '') throw brokeOff(call, 'no answer');
    return parseJson<Answer>(call.api, text);
  }
  for await (const line of readLines(call, response)) {
    const message = parseJson<Answer | ProgressMessage>(call.api, line);
    if (!('settled' in message)) return message;
    onProgress(message);
  }
  throw brokeOff(call, 'no answer');
}

/** The answer to a call as it comes, also when it is none. @throws Failure as {@link askApi} does. */
export async function askApiForText(call: ApiCall): Promise<ApiAnswer> {
  const response = await send(call);
  if (!isSuccess(response)) throw await refusalOf(call, response);
  return { headers: response.headers, text: await readText(call, response) };
}

/** The answer to a call, piece by piece. @throws Failure as {@link askApi} does, also while it comes. */
export async function askApiForPieces(call: ApiCall): Promise<AsyncIterable<Buffer>> {
  const response = await send(call);
  if (!isSuccess(response)) throw await refusalOf(call, response);
  return readBytes(call, response);
}

/** The answer to a call, line by line, as it comes. @throws Failure as {@link askApi} does, also while it comes. */
export async function* askApiForLines(call: ApiCall): AsyncGenerator<string> {
  const response = await send(call);
  if (!isSuccess(response)) throw await refusalOf(call, response);
  yield* readLines(call, response);
}

async function send(call: ApiCall): Promise<IncomingMessage> {
  const { api, method, path, idleMs, signal } = call;
  const request = api.tls === undefined ? requestInTheClear : (await import('node:https')).request;
  // Bytes: with text Node would encode the headers as it does the text.
  const body = typeof call.body === 'string' ? Buffer.from(call.body) : call.body;
  const headers = { ...call.headers, ...(body && { 'content-length': sizeOf(body) }) };
  return new Promise((resolve, reject) => {
    const { host, port, tls } = api;
    const options = { host, port, ca: tls?.ca, method, path, headers, timeout: idleMs, agent: false };
    const sent = request(signal === undefined ? options : { ...options, signal });
    let response: IncomingMessage | undefined;
    sent.on('response', (head) => resolve((response = head)));
    sent.on('timeout', () => (response ?? sent).destroy(new Error(`nothing came for ${formatDuration(idleMs)}`)));
    sent.on('error', (error) => {
      const reason = explainUnreachable(error, api);
      reject(new Failure(`can't reach the control plane at ${formatApiAddress(api)}: ${reason}`));
    });
    sendBody(sent, body);
  });
}

function sizeOf(body: Buffer | FileBody): number {
  return 'size' in body ? body.size : body.length;
}

function sendBody(sent: ClientRequest, body: Buffer | FileBody | undefined): void {
  if (body !== undefined && 'pieces' in body) body.pieces.on('error', (error) => sent.destroy(error)).pipe(sent);
  else sent.end(body);
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function isOfType({ headers }: IncomingMessage, type: string): boolean {
  return headers['content-type']?.startsWith(type) === true;
}

async function refusalOf(call: ApiCall, response: IncomingMessage): Promise<Failure> {
  const text = await readText(call, response);
  if (isOfType(response, problemType)) return new Refusal(parseJson<RefusalMessage>(call.api, text));
  const { api, method, path } = call;
  const answered = `${formatApiAddress(api)} answered ${response.statusCode} to ${method} ${path}`;
  return new Failure(`${answered}: no control plane?`);
}

async function readText(call: ApiCall, response: IncomingMessage): Promise<string> {
  return (await Array.fromAsync(readPieces(call, response))).join('');
}

/** Each line as soon as it is there; the last one may lack its newline. */
async function* readLines(call: ApiCall, response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const text of readPieces(call, response)) {
    const lines = text.split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* readBytes(call: ApiCall, response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw brokeOff(call, (error as Error).message);
  }
}

async function* readPieces(call: ApiCall, response: IncomingMessage): AsyncGenerator<string> {
  try {
    yield* response.setEncoding('utf8') as AsyncIterable<string>;
  } catch (error) {
    throw brokeOff(call, (error as Error).message);
  }
}

/** @throws Failure */
export function parseJson<Message>(api: ApiAddress, text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    throw new Failure(`${formatApiAddress(api)} answered what is no JSON: no control plane?`);
  }
}

function brokeOff({ api }: ApiCall, reason: string): Failure {
  return new Failure(`the control plane at ${formatApiAddress(api)} broke off: ${reason}`);
}
