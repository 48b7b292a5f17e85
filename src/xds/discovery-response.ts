// Discovery responses onto the wire. A response is encoded once for all streams that
// need it; only its nonce, appended last, is a stream's own (docs/adr/0004).

import protobuf from 'protobufjs/minimal.js';

import type { Difference } from '../snapshot/difference.ts';
import type { Holding } from '../snapshot/holding.ts';
import type { Resource } from '../snapshot/resource.ts';
import type { View } from '../snapshot/view.ts';
import { ResourceEntries, encodeDeltaEntry, encodeSotwEntry } from './resource-entries.ts';
import type { Parts } from './resource-entries.ts';
import { lengthDelimited } from './wire.ts';

// The same number in both protocols and versions, unless the name says otherwise.
const field = { version: 1, typeUrl: 4, nonce: 5, sotwControlPlane: 6, removedResources: 6, deltaControlPlane: 7 };

/** A response without its nonce, whose parts other responses may share. */
export interface ResponseBody {
  readonly parts: Parts;
  /** Of all parts together, in bytes. */
  readonly length: number;
}

const sotwEntries = new ResourceEntries(encodeSotwEntry);
const deltaEntries = new ResourceEntries(encodeDeltaEntry);

const fullBodies = new WeakMap<View, ResponseBody>();
const changesBodies = new WeakMap<Difference, ResponseBody>();
const deltaBodies = new WeakMap<Difference, ResponseBody>();

// One copy per stream instead of one for each part, where a response shares little.
const maxJoinedBytes = 16 * 1024;

/** Told how long a response took to encode, in ms; not when it had been encoded before. */
export type EncodeListener = (tookMs: number) => void;

/** A state-of-the-world DiscoveryResponse without nonce that carries everything in the view: what clusters and listeners need. */
export function encodeFullState(view: View, onEncoded?: EncodeListener): ResponseBody {
  return memo(fullBodies, view, onEncoded, () => encodeSotw(view, view.version, [...view.resources()], []));
}

/**
 * A state-of-the-world DiscoveryResponse without nonce that carries what changed: enough for endpoints and
 * routes. What does not exist is said by its placeholder: Envoy would wait 15 s for it otherwise.
 * @param held what its client then holds.
 */
export function encodeChanges(
  view: View,
  difference: Difference,
  held: Holding,
  onEncoded?: EncodeListener,
): ResponseBody {
  return memo(changesBodies, difference, onEncoded, () => encodeSotw(view, held.version, difference.changed, difference.absent));
}

/** A DeltaDiscoveryResponse without nonce: what changed and what has gone. @param held what its client then holds. */
export function encodeDelta(
  view: View,
  difference: Difference,
  held: Holding,
  onEncoded?: EncodeListener,
): ResponseBody {
  return memo(deltaBodies, difference, onEncoded, () => {
    const { apiVersion } = view.set.options;
    const head = encodeHead(view, held.version);
    // v2 has no such field here.
    if (apiVersion === 'v3') head.uint32(lengthDelimited(field.deltaControlPlane)).bytes(controlPlane);
    const sayGone = (name: string): unknown => head.uint32(lengthDelimited(field.removedResources)).string(name);
    difference.absent.forEach(sayGone);
    difference.removed.forEach(sayGone);
    return [head.finish(), ...deltaEntries.of(difference.changed, view.set)];
  });
}

/** The whole message: protobuf takes fields in any order. */
export function appendNonce({ parts, length }: ResponseBody, nonce: string): Uint8Array {
  const message = Buffer.allocUnsafe(length + 2 + nonce.length);
  let end = 0;
  for (const part of parts) {
    message.set(part, end);
    end += part.length;
  }
  message[end] = lengthDelimited(field.nonce);
  message[end + 1] = nonce.length;
  message.write(nonce, end + 2, 'latin1');
  return message;
}

function encodeSotw(
  view: View,
  version: string,
  resources: readonly Resource[],
  absent: readonly string[],
): Parts {
  const { typeUrl, placeholder } = view.set.options;
  const head = encodeHead(view, version).uint32(lengthDelimited(field.sotwControlPlane)).bytes(controlPlane).finish();
  const placeholders = placeholder === undefined
    ? []
    : absent.flatMap((name) => encodeSotwEntry({ value: placeholder(name) }, typeUrl));
  return [head, ...sotwEntries.of(resources, view.set), Buffer.concat(placeholders)];
}

function encodeHead(view: View, version: string): protobuf.Writer {
  return protobuf.Writer.create()
    .uint32(lengthDelimited(field.version))
    .string(version)
    .uint32(lengthDelimited(field.typeUrl))
    .string(view.set.options.typeUrl);
}

/** ControlPlane {identifier = 1}: shown by Envoy's admin page and config dump. */
const controlPlane = protobuf.Writer.create()
  .uint32(lengthDelimited(1))
  .string('redis-envoy-controlplane')
  .finish();

function memo<Key extends object>(
  cache: WeakMap<Key, ResponseBody>,
  key: Key,
  onEncoded: EncodeListener | undefined,
  make: () => Parts,
): ResponseBody {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const startMs = performance.now();
  const parts = make();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const body = { parts: length <= maxJoinedBytes ? [Buffer.concat(parts)] : parts, length };
  onEncoded?.(performance.now() - startMs);
  cache.set(key, body);
  return body;
}
