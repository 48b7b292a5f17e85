// A process that stands for many servers, for the row `watching`: it listens on many ports of loopback, and answers PING,
// ROLE and INFO as a Redis does. Told how many by its argument; prints the ports as JSON once it listens.

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

const replicationId = 'c69b2de8a3ddbba9f0dc2b1e2b2e0f3d6a7ab6ac';

// As long as that of a Redis 7 without keys.
const info = [
  '# Server',
  'redis_version:7.0.15',
  'redis_mode:standalone',
  'role:master',
  'connected_slaves:0',
  `master_replid:${replicationId}`,
  'master_repl_offset:14',
  ...Array.from({ length: 180 }, (_, index) => `field_number_${index}:${1_000 * index}`),
  '',
].join('\r\n');

const answers: Readonly<Record<string, string>> = {
  PING: '+PONG\r\n',
  ROLE: '*3\r\n$6\r\nmaster\r\n:14\r\n*0\r\n',
  INFO: `$${Buffer.byteLength(info)}\r\n${info}\r\n`,
};

const count = Number(process.argv[2]);
const ports = await Promise.all(Array.from({ length: count }, listen));
process.stdout.write(`${JSON.stringify(ports)}\n`);

async function listen(): Promise<number> {
  const server = createServer((socket) => serve(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

// Commands are short, and come whole.
function serve(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    const commands = Array.from(bytes.toString('latin1').matchAll(/\r\n\$4\r\n([A-Za-z]{4})\r\n/g), ([, name = '']) => name);
    socket.write(commands.map((name) => answers[name.toUpperCase()] ?? '-ERR unknown command\r\n').join(''));
  });
}
