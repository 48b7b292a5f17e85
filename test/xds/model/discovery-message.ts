// Requests as the model's clients write them, and responses as they read them.

import { decodeMessage, encodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { ProtocolName } from '../../../src/xds/stream-method.ts';
import { deltaApis } from '../../support/xds/delta-api.ts';
import { discoveryApis, kindOf, typeUrlOf } from '../../support/xds/discovery-api.ts';
import type { ApiVersion, Kind } from '../../support/xds/discovery-api.ts';
import { readContent } from './content.ts';
import type { Content } from './content.ts';
import { demand } from './violation.ts';

interface RequestHead {
  readonly kind: Kind;
  /** '' when the request answers nothing. */
  readonly nonce: string;
  /** Set in a NACK. */
  readonly error?: string | undefined;
}

export interface SotwRequest extends RequestHead {
  readonly protocol: 'sotw';
  readonly version: string;
  readonly names: readonly string[];
}

export interface DeltaRequest extends RequestHead {
  readonly protocol: 'delta';
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Version by name. */
  readonly initialVersions: ReadonlyMap<string, string>;
}

export type ModelRequest = SotwRequest | DeltaRequest;

export interface ModelResponse {
  readonly kind: Kind;
  readonly nonce: string;
  readonly version: string;
  readonly resources: ReadonlyMap<string, ModelResource>;
  /** Delta only. */
  readonly removed: readonly string[];
}

export interface ModelResource extends Content {
  /** '' in state of the world, which has no versions of resources. */
  readonly version: string;
}

/** Where requests differ without meaning anything else. */
export interface RequestStyle {
  readonly apiVersion: ApiVersion;
  /** The first request of a stream must name its node; later ones may. */
  readonly nodeId: string | undefined;
  /** A stream of one type need not name it. */
  readonly isTypeNamed: boolean;
}

export function encodeRequest(request: ModelRequest, { apiVersion, nodeId, isTypeNamed }: RequestStyle): Uint8Array {
  const head = {
    ...(nodeId === undefined ? {} : { node: { id: nodeId, cluster: 'model' } }),
    ...(isTypeNamed ? { type_url: typeUrlOf(apiVersion, request.kind) } : {}),
    response_nonce: request.nonce,
    ...(request.error === undefined ? {} : { error_detail: { code: 13, message: request.error } }),
  };
  if (request.protocol === 'sotw') {
    const { version: version_info, names: resource_names } = request;
    return encodeMessage(discoveryApis[apiVersion].sotwRequest, { ...head, version_info, resource_names });
  }
  return encodeMessage(deltaApis[apiVersion].request, {
    ...head,
    resource_names_subscribe: request.subscribe,
    resource_names_unsubscribe: request.unsubscribe,
    initial_resource_versions: Object.fromEntries(request.initialVersions),
  });
}

/** Throws a Violation when the response is not well formed: types mixed, a name twice, something missing. */
export function parseResponse(apiVersion: ApiVersion, protocol: ProtocolName, message: Uint8Array): ModelResponse {
  const isSotw = protocol === 'sotw';
  const name = isSotw ? discoveryApis[apiVersion].sotwResponse : deltaApis[apiVersion].response;
  const decoded = decodeMessage(name, message) as WireResponse;
  const { type_url: typeUrl = '', nonce = '', resources: entries = [], removed_resources: removed = [] } = decoded;
  const kind = kindOf(apiVersion, typeUrl);
  const version = (isSotw ? decoded.version_info : decoded.system_version_info) ?? '';
  const read = entries.map((entry) => readEntry(apiVersion, kind, isSotw ? { resource: entry } : entry));
  const names = [...read.map((resource) => resource.name), ...removed];
  const where = `${kind} response ${nonce}`;
  demand(nonce !== '' && version !== '', 'well-formed responses', () => `${where}: without nonce or version`);
  const isEachOnce = new Set(names).size === names.length;
  demand(isEachOnce, 'well-formed responses', () => `${where}: a name twice: ${names.join()}`);
  return { kind, nonce, version, resources: new Map(read.map((resource) => [resource.name, resource])), removed };
}

function readEntry(apiVersion: ApiVersion, kind: Kind, { name, version, resource }: WireEntry): ModelResource {
  const expected = typeUrlOf(apiVersion, kind);
  demand(resource?.type_url === expected, 'well-formed responses', () => `${resource?.type_url} in ${expected}`);
  const content = readContent(apiVersion, kind, resource.value ?? Buffer.alloc(0));
  if (name === undefined) return { ...content, version: '' };
  demand(name === content.name, 'well-formed responses', () => `${content.name} is called ${name}`);
  demand(version !== undefined, 'well-formed responses', () => `${name} has no version`);
  return { ...content, version };
}

interface WireAny {
  readonly type_url: string;
  readonly value?: Buffer;
}

interface WireEntry {
  readonly name?: string;
  readonly version?: string;
  readonly resource?: WireAny;
}

interface WireResponse extends PlainMessage {
  readonly type_url?: string;
  readonly nonce?: string;
  readonly version_info?: string;
  readonly system_version_info?: string;
  readonly resources?: readonly (WireAny & WireEntry)[];
  readonly removed_resources?: readonly string[];
}

/** One line for people. */
export function describeRequest(request: ModelRequest): string {
  const { kind, nonce, error } = request;
  const answer = nonce === '' ? '' : ` ${error === undefined ? 'nonce' : 'NACK of'} ${nonce}`;
  if (request.protocol === 'sotw') {
    return `${kind} [${request.names.join(' ')}] version ${request.version.slice(-6)}${answer}`;
  }
  const changes = [...request.subscribe.map((name) => `+${name}`), ...request.unsubscribe.map((name) => `-${name}`)];
  const held = [...request.initialVersions].map(([name, version]) => `${name}@${version.slice(0, 6)}`);
  return `${kind} [${changes.join(' ')}] holding [${held.join(' ')}]${answer}`;
}

/** One line for people. */
export function describeResponse({ kind, nonce, version, resources, removed }: ModelResponse): string {
  const held = Array.from(resources.values(), ({ name, text }) => `${name}: ${text}`);
  const parts = [...held, ...removed.map((name) => `-${name}`)];
  return `${kind} nonce ${nonce} version ${version.slice(-6)} {${parts.join('; ')}}`;
}
