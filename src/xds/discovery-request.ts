// Discovery requests off the wire. Read by hand, because most of them are ACKs that
// repeat every name: those cost a scan and a comparison of bytes, not a decode.

import protobuf from 'protobufjs/minimal.js';

import type { NameSet } from '../snapshot/name-set.ts';
import { lengthDelimited, readString } from './wire.ts';

/** A request that is not a well-formed protobuf message, or breaks a limit; ends its stream. */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError';
}

/** google.rpc.Status, as far as it is used. */
export interface ErrorDetail {
  readonly code: number;
  readonly message: string;
}

/** What requests of both protocols say. */
export interface RequestHead {
  /** The encoded Node, when the request carries one. */
  readonly node: Uint8Array | undefined;
  /** '' when absent: a per-type stream implies it. */
  readonly typeUrl: string;
  /** '' when the request answers no response. */
  readonly responseNonce: string;
  /** Present in a NACK. */
  readonly errorDetail: ErrorDetail | undefined;
}

/** A state-of-the-world DiscoveryRequest (v2 and v3 have the same numbers). */
export interface SotwRequest extends RequestHead {
  readonly versionInfo: string;
  /** The `resource_names` entries as they stood on the wire; a view into the request. */
  readonly encodedNames: Uint8Array;
}

/** A DeltaDiscoveryRequest (v2 and v3 have the same numbers). */
export interface DeltaRequest extends RequestHead {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Version by name of what the client holds from an earlier stream; counts in the first request of a type only. */
  readonly initialVersions: ReadonlyMap<string, string>;
}

// A longer list is no fleet but a fault: what is committed is bounded so that no Envoy has one.
const maxNames = 100_000;
// Of all names that a stream wants of one type together, in UTF-16 code units: what one message has room for.
const maxNamesLength = 16 * 1024 * 1024;

const sotwField = { versionInfo: 1, node: 2, resourceNames: 3, typeUrl: 4, responseNonce: 5, errorDetail: 6 };
const namesTag = (sotwField.resourceNames << 3) | 2;

/** @throws MalformedRequestError */
export function parseSotwRequest(bytes: Uint8Array): SotwRequest {
  return guard(readSotwRequest, bytes);
}

function readSotwRequest(bytes: Uint8Array): SotwRequest {
  let versionInfo = '';
  let node: Uint8Array | undefined;
  let typeUrl = '';
  let responseNonce = '';
  let errorDetail: ErrorDetail | undefined;
  const names: Uint8Array[] = [];
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === namesTag) names.push(readRun(reader, bytes));
    else if (tag === lengthDelimited(sotwField.versionInfo)) versionInfo = readString(reader);
    else if (tag === lengthDelimited(sotwField.node)) node = reader.bytes();
    else if (tag === lengthDelimited(sotwField.typeUrl)) typeUrl = readString(reader);
    else if (tag === lengthDelimited(sotwField.responseNonce)) responseNonce = readString(reader);
    else if (tag === lengthDelimited(sotwField.errorDetail)) errorDetail = parseErrorDetail(reader.bytes());
    else reader.skipType(tag & 7);
  }
  const [first, ...rest] = names;
  const encodedNames = first === undefined ? noBytes : rest.length === 0 ? first : Buffer.concat(names);
  return { versionInfo, node, typeUrl, responseNonce, errorDetail, encodedNames };
}

const deltaField = {
  node: 1,
  typeUrl: 2,
  subscribe: 3,
  unsubscribe: 4,
  initialVersions: 5,
  responseNonce: 6,
  errorDetail: 7,
};

/** @throws MalformedRequestError */
export function parseDeltaRequest(bytes: Uint8Array): DeltaRequest {
  return guard(readDeltaRequest, bytes);
}

function readDeltaRequest(bytes: Uint8Array): DeltaRequest {
  let node: Uint8Array | undefined;
  let typeUrl = '';
  let responseNonce = '';
  let errorDetail: ErrorDetail | undefined;
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  let initialVersions: Map<string, string> | undefined;
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === lengthDelimited(deltaField.node)) node = reader.bytes();
    else if (tag === lengthDelimited(deltaField.typeUrl)) typeUrl = readString(reader);
    else if (tag === lengthDelimited(deltaField.subscribe)) takeName('resource_names_subscribe', subscribe, reader);
    else if (tag === lengthDelimited(deltaField.unsubscribe)) takeName('resource_names_unsubscribe', unsubscribe, reader);
    else if (tag === lengthDelimited(deltaField.initialVersions)) {
      takeEntry((initialVersions ??= new Map()), reader);
    } else if (tag === lengthDelimited(deltaField.responseNonce)) responseNonce = readString(reader);
    else if (tag === lengthDelimited(deltaField.errorDetail)) errorDetail = parseErrorDetail(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return {
    node,
    typeUrl,
    responseNonce,
    errorDetail,
    subscribe,
    unsubscribe,
    initialVersions: initialVersions ?? noVersions,
  };
}

/** The names in {@link SotwRequest.encodedNames}, as sent. @throws MalformedRequestError */
export function parseNames(encodedNames: Uint8Array): string[] {
  return guard(readNames, encodedNames);
}

function readNames(encodedNames: Uint8Array): string[] {
  const names: string[] = [];
  const reader = protobuf.Reader.create(encodedNames);
  while (reader.pos < reader.len) {
    reader.uint32();
    takeName('resource_names', names, reader);
  }
  return names;
}

/** The encoded Node of a request that can't be parsed, as far as it can be read. May throw anything. */
export function findSotwNode(bytes: Uint8Array): Uint8Array | undefined {
  return findField(bytes, lengthDelimited(sotwField.node));
}

/** As {@link findSotwNode}. */
export function findDeltaNode(bytes: Uint8Array): Uint8Array | undefined {
  return findField(bytes, lengthDelimited(deltaField.node));
}

function findField(bytes: Uint8Array, wanted: number): Uint8Array | undefined {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === wanted) return reader.bytes();
    reader.skipType(tag & 7);
  }
  return undefined;
}

const noBytes = new Uint8Array(0);
// Shared by all ACKs.
const noVersions: ReadonlyMap<string, string> = new Map();

// The tag of the first name has been read: goes on to the end of the run of names and gives its bytes, first tag included.
function readRun(reader: protobuf.Reader, bytes: Uint8Array): Uint8Array {
  const start = reader.pos - 1;
  reader.skipType(2);
  while (reader.pos < reader.len && bytes[reader.pos] === namesTag) {
    reader.pos += 1;
    reader.skipType(2);
  }
  return bytes.subarray(start, reader.pos);
}

function parseErrorDetail(bytes: Uint8Array): ErrorDetail {
  let code = 0;
  let message = '';
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === (1 << 3)) code = reader.int32();
    else if (tag === lengthDelimited(2)) message = readString(reader);
    else reader.skipType(tag & 7);
  }
  return { code, message };
}

function takeName(field: string, names: string[], reader: protobuf.Reader): void {
  names.push(readString(reader));
  limitCount(field, names.length);
}

// Read in place: there may be as many as there are clusters.
function takeEntry(entries: Map<string, string>, reader: protobuf.Reader): void {
  let key = '';
  let value = '';
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('initial_resource_versions: cut short');
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === lengthDelimited(1)) key = readString(reader);
    else if (tag === lengthDelimited(2)) value = readString(reader);
    else reader.skipType(tag & 7);
  }
  if (reader.pos > end) throw new RangeError('initial_resource_versions: longer than it says');
  entries.set(key, value);
  limitCount('initial_resource_versions', entries.size);
}

function limitCount(field: string, count: number): void {
  if (count > maxNames) throw new MalformedRequestError(`${field}: over ${maxNames} names, at most ${maxNames} are taken`);
}

/** @throws MalformedRequestError when a client names more than any fleet has. */
export function limitNames(field: string, { size, length }: Pick<NameSet, 'size' | 'length'>): void {
  limitCount(field, size);
  if (length <= maxNamesLength) return;
  throw new MalformedRequestError(`${field}: names of ${length} characters together, at most ${maxNamesLength} are taken`);
}

// protobufjs throws RangeError past the end and plain Errors on bad wire types.
function guard<Result>(read: (bytes: Uint8Array) => Result, bytes: Uint8Array): Result {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof MalformedRequestError) throw error;
    throw new MalformedRequestError(`not a discovery request: ${(error as Error).message}`);
  }
}
