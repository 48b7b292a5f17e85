// Who is at the other end of a stream, as its first request says.

import protobuf from 'protobufjs/minimal.js';

import type { NodeGroup } from '../snapshot/snapshot.ts';
import { MalformedRequestError } from './discovery-request.ts';
import { lengthDelimited, readString } from './wire.ts';

/** The part of Envoy's Node that is used. Text from outside: escape it where it is shown. */
export interface Node {
  readonly id: string;
  readonly cluster: string;
  /** Usually "envoy"; '' when not told. */
  readonly userAgentName: string;
  /** As "1.40.0"; '' when not told. */
  readonly userAgentVersion: string;
}

/** To which group a node belongs. Called once per stream. */
export type NodeGroupOf = (node: Node) => NodeGroup;

/** The groups that objects name. */
export const nodeClusterOf: NodeGroupOf = ({ cluster }) => cluster;

// A client must not fill memory and log with its name.
const maxNameBytes = 1_024;
// Of its program's name and version, which are only shown, the rest is passed over.
const maxUserAgentLength = 256;

const field = {
  id: lengthDelimited(1),
  cluster: lengthDelimited(2),
  userAgentName: lengthDelimited(6),
  userAgentVersion: lengthDelimited(7),
  userAgentBuildVersion: lengthDelimited(8),
};

/** Reads an encoded Node (same numbers in v2 and v3); what is not used, metadata above all, is passed over unread. @throws MalformedRequestError */
export function parseNode(bytes: Uint8Array): Node {
  let id = '';
  let cluster = '';
  let userAgentName = '';
  let userAgentVersion = '';
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === field.id) id = readString(reader);
      else if (tag === field.cluster) cluster = readString(reader);
      else if (tag === field.userAgentName) userAgentName = readString(reader);
      else if (tag === field.userAgentVersion) userAgentVersion = readString(reader);
      else if (tag === field.userAgentBuildVersion) userAgentVersion = parseBuildVersion(reader.bytes());
      else reader.skipType(tag & 7);
    }
  } catch (error) {
    throw new MalformedRequestError(`node: not a Node message: ${(error as Error).message}`);
  }
  if (id === '') throw new MalformedRequestError('node.id: required in the first request of a stream');
  const problem = findNodeProblem({ id, cluster });
  if (problem !== undefined) throw new MalformedRequestError(problem);
  return { id, cluster, ...shortUserAgent(userAgentName, userAgentVersion) };
}

/** The rule that a node breaks, in one line; undefined when it breaks none. */
export function findNodeProblem(node: Pick<Node, 'id' | 'cluster'>): string | undefined {
  for (const name of ['id', 'cluster'] as const) {
    const bytes = Buffer.byteLength(node[name]);
    if (bytes > maxNameBytes) return `node.${name}: ${bytes} bytes, at most ${maxNameBytes} are taken`;
  }
  return undefined;
}

/** As much of it as is kept. */
export function shortUserAgent(name: string, version: string): Pick<Node, 'userAgentName' | 'userAgentVersion'> {
  return {
    userAgentName: name.slice(0, maxUserAgentLength),
    userAgentVersion: version.slice(0, maxUserAgentLength),
  };
}

// A BuildVersion: its metadata, which names the commit, is passed over.
function parseBuildVersion(bytes: Uint8Array): string {
  let version = '';
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === lengthDelimited(1)) version = parseSemanticVersion(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return version;
}

// Three numbers: major, minor, patch.
function parseSemanticVersion(bytes: Uint8Array): string {
  const numbers = [0, 0, 0];
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const index = (tag >>> 3) - 1;
    if ((tag & 7) === 0 && index in numbers) numbers[index] = reader.uint32();
    else reader.skipType(tag & 7);
  }
  return numbers.join('.');
}
