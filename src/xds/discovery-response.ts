// Discovery responses onto the wire. A response is encoded once for all streams that
// need it; only its nonce, appended last, is a stream's own (docs/adr/0004).

import protobuf from 'protobufjs/minimal.js';

import type { Difference } from '../snapshot/difference.ts';
import type { Holding } from '../snapshot/holding.ts';
import { writeSotwEntry } from '../snapshot/resource.ts';
import type { Resource } from '../snapshot/resource.ts';
import type { View } from '../snapshot/view.ts';
import { lengthDelimited } from './wire.ts';

// The same number in both protocols and versions, unless the name says otherwise.
const field = { version: 1, typeUrl: 4, nonce: 5, sotwControlPlane: 6, removedResources: 6, deltaControlPlane: 7 };

const fullBodies = new WeakMap<View, Uint8Array>();
const changesBodies = new WeakMap<Difference, Uint8Array>();
const deltaBodies = new WeakMap<Difference, Uint8Array>();

/** Told how long a response took to encode, in ms; not when it had been encoded before. */
export type EncodeListener = (tookMs: number) => void;

/** A state-of-the-world DiscoveryResponse without nonce that carries everything in the view: what clusters and listeners need. */
export function encodeFullState(view: View, onEncoded?: EncodeListener): Uint8Array {
  return memo(fullBodies, view, onEncoded, () => encodeSotw(view, view.version, view.resources(), []));
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
): Uint8Array {
  return memo(changesBodies, difference, onEncoded, () => encodeSotw(view, held.version, difference.changed, difference.absent));
}

/** A DeltaDiscoveryResponse without nonce: what changed and what has gone. @param held what its client then holds. */
export function encodeDelta(
  view: View,
  difference: Difference,
  held: Holding,
  onEncoded?: EncodeListener,
): Uint8Array {
  return memo(deltaBodies, difference, onEncoded, () => {
    const { typeUrl, apiVersion } = view.set.options;
    const head = encodeHead(view, held.version);
    // v2 has no such field here.
    if (apiVersion === 'v3') head.uint32(lengthDelimited(field.deltaControlPlane)).bytes(controlPlane);
    const sayGone = (name: string): unknown => head.uint32(lengthDelimited(field.removedResources)).string(name);
    difference.absent.forEach(sayGone);
    difference.removed.forEach(sayGone);
    return Buffer.concat([head.finish(), ...difference.changed.map((resource) => resource.deltaEntry(typeUrl))]);
  });
}

/** The whole message: protobuf takes fields in any order. */
export function appendNonce(body: Uint8Array, nonce: string): Uint8Array {
  const message = Buffer.allocUnsafe(body.length + 2 + nonce.length);
  message.set(body);
  message[body.length] = lengthDelimited(field.nonce);
  message[body.length + 1] = nonce.length;
  message.write(nonce, body.length + 2, 'latin1');
  return message;
}

function encodeSotw(
  view: View,
  version: string,
  resources: Iterable<Resource>,
  absent: readonly string[],
): Uint8Array {
  const { typeUrl, placeholder } = view.set.options;
  const head = encodeHead(view, version).uint32(lengthDelimited(field.sotwControlPlane)).bytes(controlPlane).finish();
  const parts = [head, ...Array.from(resources, (resource) => resource.sotwEntry(typeUrl))];
  if (placeholder !== undefined && absent.length > 0) {
    const writer = protobuf.Writer.create();
    for (const name of absent) writeSotwEntry(writer, placeholder(name), typeUrl);
    parts.push(writer.finish());
  }
  return Buffer.concat(parts);
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
  cache: WeakMap<Key, Uint8Array>,
  key: Key,
  onEncoded: EncodeListener | undefined,
  make: () => Uint8Array,
): Uint8Array {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const startMs = performance.now();
  const bytes = make();
  onEncoded?.(performance.now() - startMs);
  cache.set(key, bytes);
  return bytes;
}
