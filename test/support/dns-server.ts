// A DNS server on loopback that says what a test tells it: A records with a short TTL, that there is no such name, or
// nothing at all.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

import type { Scope } from './child-process.ts';

const types = { a: 1, aaaa: 28 };
const ttlSeconds = 1;
const noSuchName = 3;

export interface DnsServer {
  readonly port: number;
  /** IPv4 addresses by name, in lower case; names that are not there do not exist. */
  readonly records: Map<string, readonly string[]>;
  isSilent: boolean;
}

/** Closed when `scope` ends. */
export async function startDns(scope: Scope, records: Readonly<Record<string, readonly string[]>>): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  scope.after(async () => void socket.close());
  const server = { port: socket.address().port, records: new Map(Object.entries(records)), isSilent: false };
  socket.on('message', (query, { port, address }) => {
    if (!server.isSilent) socket.send(answer(query, server.records), port, address);
  });
  return server;
}

// RFC 1035, 4.1: the question comes back, and each answer points to its name.
function answer(query: Buffer, records: DnsServer['records']): Buffer {
  const { name, end } = readName(query);
  const type = query.readUInt16BE(end);
  const found = records.get(name.toLowerCase());
  const addresses = type === types.a ? (found ?? []) : [];
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8580 | (found === undefined ? noSuchName : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const entries = addresses.map((address) => {
    const entry = Buffer.alloc(16);
    entry.writeUInt16BE(0xc00c, 0);
    entry.writeUInt16BE(types.a, 2);
    entry.writeUInt16BE(1, 4);
    entry.writeUInt32BE(ttlSeconds, 6);
    entry.writeUInt16BE(4, 10);
    address.split('.').forEach((byte, index) => entry.writeUInt8(Number(byte), 12 + index));
    return entry;
  });
  return Buffer.concat([header, query.subarray(12, end + 4), ...entries]);
}

/** The name of the question, and where it ends. */
function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}
