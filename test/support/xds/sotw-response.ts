// A state-of-the-world response, decoded, and held to the rules that no response of
// any stream may break.

import assert from 'node:assert/strict';

import { decodeMessage } from '../../../src/proto/protos.ts';
import { discoveryApis, kindOf } from './discovery-api.ts';
import type { ApiVersion } from './discovery-api.ts';
import type { DiscoveryResponse } from './discovery-response.ts';

export type SotwResponse = DiscoveryResponse;

/** Throws when the message is no response, lacks version or nonce, mixes types, or has a name twice. */
export function parseSotwResponse(apiVersion: ApiVersion, message: Uint8Array): SotwResponse {
  const { sotwResponse, messages } = discoveryApis[apiVersion];
  const response = decodeMessage(sotwResponse, message);
  const { version_info: versionInfo = '', type_url: typeUrl = '', nonce = '' } = response as Record<string, string>;
  const anys = (response['resources'] ?? []) as readonly { type_url: string; value?: Buffer }[];
  const kind = kindOf(apiVersion, typeUrl);
  const resources = anys.map(({ value = Buffer.alloc(0) }) => decodeMessage(messages[kind], value));
  const names = resources.map((resource) => String(resource['name'] ?? resource['cluster_name']));
  const strangers = anys.filter((any) => any.type_url !== typeUrl);
  assert.deepEqual(strangers, [], 'resources of another type than the response');
  assert.equal(new Set(names).size, names.length, `a name occurs twice: ${names.join(', ')}`);
  assert.notEqual(versionInfo, '', 'a response without version');
  assert.notEqual(nonce, '', 'a response without nonce');
  return { kind, versionInfo, nonce, names, resources, changes: names };
}
