// A delta response, decoded, and held to the rules that no response of any stream may break.

import assert from 'node:assert/strict';

import { decodeMessage } from '../../../src/proto/protos.ts';
import { deltaApis } from './delta-api.ts';
import { discoveryApis, kindOf } from './discovery-api.ts';
import type { ApiVersion } from './discovery-api.ts';
import type { DiscoveryResponse } from './discovery-response.ts';

export interface DeltaResponse extends DiscoveryResponse {
  /** Versions of the resources; same order. */
  readonly versions: readonly string[];
  readonly removed: readonly string[];
}

interface WireResource {
  readonly name?: string;
  readonly version?: string;
  readonly resource?: { readonly type_url: string; readonly value?: Buffer };
}

/** Throws when the message is no response, lacks nonce or versions, mixes types, or has a name twice. */
export function parseDeltaResponse(apiVersion: ApiVersion, message: Uint8Array): DeltaResponse {
  const response = decodeMessage(deltaApis[apiVersion].response, message);
  const { type_url: typeUrl = '', nonce = '', system_version_info: versionInfo = '' } = response as Record<
    string,
    string
  >;
  const kind = kindOf(apiVersion, typeUrl);
  const entries = (response['resources'] ?? []) as readonly WireResource[];
  const removed = (response['removed_resources'] ?? []) as readonly string[];
  const names = entries.map(({ name = '' }) => name);
  const versions = entries.map(({ version = '' }) => version);
  const resources = entries.map(({ resource }) => {
    assert.equal(resource?.type_url, typeUrl, 'a resource of another type than the response');
    return decodeMessage(discoveryApis[apiVersion].messages[kind], resource?.value ?? Buffer.alloc(0));
  });
  const innerNames = resources.map((resource) => String(resource['name'] ?? resource['cluster_name']));
  const changes = [...names, ...removed.map((name) => `-${name}`)];
  assert.deepEqual(names, innerNames, 'resources under another name than their own');
  assert.equal(new Set([...names, ...removed]).size, changes.length, `a name occurs twice: ${changes.join(', ')}`);
  assert.ok(!versions.includes(''), `a resource without version: ${changes.join(', ')}`);
  assert.notEqual(nonce, '', 'a response without nonce');
  return { kind, nonce, versionInfo, names, resources, versions, removed, changes };
}
