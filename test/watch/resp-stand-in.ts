// A server that answers each command as it is told, in RESP2, without being one.

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** What a client of a RESP2 server is given: null, numbers, texts, lists of them; an Error is an error. */
export type Answer = string | number | null | Error | readonly Answer[];

/** An answer, or bytes as they are, at once or one by one; undefined: it does not know the command. */
export type Reaction = Answer | { readonly bytes: string; readonly everyMs?: number } | undefined;

export interface StandIn {
  readonly port: number;
  /** Commands as they came, in upper case. */
  readonly commands: readonly string[];
  /** How many connections were made. */
  readonly connections: number;
  /** To a command and its first word, both in upper case; without one an empty text. Set anew at will. */
  answer: (command: string, word: string) => Reaction;
  /** Ends every connection. */
  hangUp(): void;
}

export async function startStandIn(t: TestContext, answer: StandIn['answer']): Promise<StandIn> {
  const sockets = new Set<Socket>();
  const commands: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      for (const [command, word] of readCommands(bytes.toString())) {
        commands.push(command);
        const reaction = made.answer(command, word);
        if (isBytes(reaction)) send(socket, reaction);
        else socket.write(render(reaction === undefined ? new Error(`ERR unknown command '${command}'`) : reaction));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  t.after(() => {
    server.close();
    hangUp();
  });
  const made: StandIn = {
    port: (server.address() as AddressInfo).port,
    commands,
    get connections() {
      return connections;
    },
    answer,
    hangUp,
  };
  return made;
}

// Clients send arrays of texts, here short ones that come in one piece.
function readCommands(text: string): [command: string, word: string][] {
  const commands = text.matchAll(/\*\d+\r\n\$\d+\r\n([^\r]*)\r\n(?:\$\d+\r\n([^\r]*)\r\n)?/g);
  return Array.from(commands, ([, command = '', word = '']) => [command.toUpperCase(), word.toUpperCase()]);
}

function send(socket: Socket, { bytes, everyMs }: { readonly bytes: string; readonly everyMs?: number }): void {
  if (everyMs === undefined) {
    socket.write(bytes);
    return;
  }
  const left = [...bytes];
  const timer = setInterval(() => {
    const next = left.shift();
    if (next === undefined) clearInterval(timer);
    else socket.write(next);
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}

function render(answer: Answer): string {
  if (answer === null) return '$-1\r\n';
  if (answer instanceof Error) return `-${answer.message}\r\n`;
  if (typeof answer === 'number') return `:${answer}\r\n`;
  if (typeof answer === 'string') return `$${Buffer.byteLength(answer)}\r\n${answer}\r\n`;
  return `*${answer.length}\r\n${answer.map(render).join('')}`;
}

function isBytes(reaction: Reaction): reaction is { readonly bytes: string; readonly everyMs?: number } {
  return typeof reaction === 'object' && reaction !== null && 'bytes' in reaction;
}
