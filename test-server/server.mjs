// A server to put behind the HTTP example: answers every request with JSON that tells which server answered.

import { createServer } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';

const port = Number(process.env.PORT ?? 8080);

/** Addresses of this host with their prefix length (`10.0.0.2/24`), the loopback ones too. */
function listAddresses() {
  return Object.values(networkInterfaces())
    .flat()
    .map((address) => address.cidr);
}

const server = createServer((request, response) => {
  const body = JSON.stringify({ env: process.env.ENV ?? '', hostname: hostname(), ips: listAddresses() });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
});

server.listen(port, () => console.log(`Listening on ${server.address().port}`));

// As the first process of a container this one gets no default action for signals.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
