// The one place that loads protos/: definitions for gRPC, and messages to and
// from bytes by full name. Knows nothing of what the messages mean.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromJSON } from '@grpc/proto-loader';
import type { Options, PackageDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import type { Root, Type } from 'protobufjs';
import { toStrictMessage } from './strict-message.ts';

/** A message as a plain object: field names as in protos/, enums by value name, bytes as Buffer. */
export type PlainMessage = Readonly<Record<string, unknown>>;

/** 64-bit integers occur in Duration and Timestamp only, whose range a number holds exactly. */
const CONVERSION: Options = { longs: Number, enums: String };

/** Every definition under protos/ and what it imports, resolved. */
export const protoRoot: Root = loadRoot(fileURLToPath(new URL('../../protos', import.meta.url)));

/**
 * Every message, enum and service that isn't nested, by full name, for
 * registration with a gRPC server or client. Messages that arrive through it
 * have every field, absent ones with their default (null for a message); in a
 * oneof, only the one set. Its serializers check nothing: send what
 * {@link encodeMessage} made.
 */
export const packageDefinition: PackageDefinition = fromJSON(protoRoot.toJSON(), { ...CONVERSION, defaults: true });

function loadRoot(directory: string): Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(directory, target);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
  root.loadSync(files.sort(), { keepCase: true });
  root.resolveAll();
  return root;
}

const messages = new Map<string, Type>();

function lookupMessage(fullName: string): Type {
  let type = messages.get(fullName);
  if (type === undefined) messages.set(fullName, (type = findMessage(fullName)));
  return type;
}

function findMessage(fullName: string): Type {
  const found = protoRoot.lookup(`.${fullName}`);
  // protobufjs searches further down for a name that it does not find, which would let a wrong package through.
  if (found instanceof protobuf.Type && found.fullName === `.${fullName}`) return found;
  throw new Error(`no such message: ${fullName}`);
}

/**
 * Encodes `message` as `fullName`, e.g. `envoy.api.v2.Cluster`. The same content
 * gives the same bytes: fields by number, map entries by key, defaults left out.
 * An Any is `{ type_url, value }` with `value` a Buffer. Throws an Error when
 * there is no such message and a TypeError when `message` holds a field that
 * the message lacks, two members of a oneof, or a value of the wrong type.
 */
export function encodeMessage(fullName: string, message: PlainMessage): Buffer {
  const type = lookupMessage(fullName);
  // On Node protobufjs always writes Buffers.
  return type.encode(toStrictMessage(type, message)).finish() as Buffer;
}

/**
 * Decodes `bytes` as `fullName` to an object with only the fields that are on
 * the wire: what {@link encodeMessage} was given, canonical. Fields that
 * protos/ does not define are skipped. Throws when there is no such message
 * or the bytes are none.
 */
export function decodeMessage(fullName: string, bytes: Uint8Array): PlainMessage {
  const type = lookupMessage(fullName);
  return type.toObject(type.decode(bytes), CONVERSION);
}
