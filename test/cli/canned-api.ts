// A control plane that answers what a test gives it, and remembers what it was asked; and commands run against it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import { commands } from '../../src/cli/commands.ts';
import { runCommandLine } from '../../src/cli/run.ts';
import { Failure } from '../../src/process/failure.ts';
import type { Scope } from '../support/child-process.ts';
import type { Finished } from '../support/run-command.ts';

export interface Asked {
  readonly method: string;
  /** Below `/api/v2`, with the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** JSON is parsed, other text is as it came; undefined: none. */
  readonly body: unknown;
}

export interface Canned {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, one with a status of 400 or more as a problem. */
  readonly body?: object | string;
}

export class CannedApi {
  readonly asked: Asked[] = [];
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  /** What was asked, in short: `GET /clusters`. */
  get calls(): string[] {
    return this.asked.map(({ method, path }) => `${method} ${path}`);
  }
}

/** Answers by `METHOD /path` below `/api/v2`, several times the last of a list; to all else 404. */
export async function serveCanned(
  scope: Scope,
  answers: Readonly<Record<string, Canned | readonly Canned[]>> = {},
): Promise<CannedApi> {
  const left = new Map(Object.entries(answers).map(([call, answer]) => [call, [answer].flat() as Canned[]]));
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').replace(/^\/api\/v2/u, '');
    const text = (await Array.fromAsync(request.setEncoding('utf8'))).join('');
    api.asked.push({
      method: `${request.method}`,
      path,
      headers: request.headers,
      body: readBody(request.headers, text),
    });
    const answer = findAnswer(left, `${request.method} ${path}`);
    const { status = 200, headers = {}, body } = answer;
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(typeof body === 'object' ? JSON.stringify(body) : body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(async () => {
    server.closeAllConnections();
    server.close();
  });
  const api = new CannedApi(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  return api;
}

/** A problem, as the control plane answers it. */
export function problem(status: number, detail: string, more: object = {}): Canned {
  return { status, body: { type: 'about:blank', title: 'X', status, detail, ...more } };
}

function findAnswer(answers: Map<string, Canned[]>, call: string): Canned {
  const [first, ...rest] = answers.get(call) ?? [problem(404, `${call}: no such thing`)];
  if (rest.length > 0) answers.set(call, rest);
  return first ?? {};
}

function readBody(headers: IncomingHttpHeaders, text: string): unknown {
  if (text === '') return undefined;
  return headers['content-type']?.includes('json') === true ? JSON.parse(text) : text;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output is a terminal with colours. */
  readonly isTerminal?: boolean;
  /** What standard input holds. */
  readonly input?: string;
}

/** Runs a command in this process, as main.ts does. */
export async function runInProcess(words: readonly string[], around: Surroundings = {}): Promise<Finished> {
  const { env = {}, isTerminal = false, input = '' } = around;
  const [name = '', ...rest] = words;
  let stdout = '';
  let stderr = '';
  try {
    const entry = commands.get(name);
    if (entry === undefined) throw new Error(`${name}: no such command`);
    const status = await runCommandLine(entry, rest, {
      env: { CONTROLPLANE_CONFIG: '', CONTROLPLANE_AUTHOR: 'ann', ...env },
      stdout: { isTTY: isTerminal, write: (text, done) => ((stdout += text), done?.()) },
      stderr: { write: (text) => (stderr += text) },
      hasColors: isTerminal,
      readInput: async () => Buffer.from(input),
      commands,
      exitCode: 0,
    });
    return { status, stdout, stderr };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { status: error.exitCode, stdout, stderr: `${stderr}controlplane: ${error.message}\n` };
  }
}
