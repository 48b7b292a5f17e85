// One resource of a snapshot: a name, its encoded bytes, and a version made of them.

import { createHash } from 'node:crypto';

/** The kinds of resource this control plane publishes. */
export type ResourceKind = 'secret' | 'cluster' | 'endpoint' | 'listener' | 'route';

/**
 * The order in which one stream is sent what changed: a reference never travels
 * before what it refers to (xDS protocol, "Eventual consistency considerations"). That section says nothing of secrets;
 * clusters and listeners refer to them, see docs/adr/0030.
 */
export const publishOrder: readonly ResourceKind[] = ['secret', 'cluster', 'endpoint', 'listener', 'route'];

/** An immutable encoded resource. */
export class Resource {
  readonly name: string;
  /** The encoded message. Shared: never written to. */
  readonly value: Uint8Array;
  /** Hash of name and bytes, as a number, for {@link versionOfSum}. */
  readonly digest: bigint;
  /** The same hash as 32 hex digits: equal bytes have equal versions, on every replica and after a restart. */
  readonly version: string;

  constructor(name: string, value: Uint8Array) {
    this.name = name;
    this.value = value;
    const hash = createHash('sha256').update(`${Buffer.byteLength(name)}:${name}:`).update(value).digest('hex');
    this.version = hash.slice(0, 32);
    this.digest = BigInt(`0x${this.version}`);
  }

  /** No entry of either kind is longer, in bytes: the numbers of fields, lengths and the version take up to 64. */
  entrySizeBound(typeUrl: string): number {
    return this.value.length + Buffer.byteLength(this.name) + typeUrl.length + 64;
  }
}

/** The same as {@link Resource.entrySizeBound} for the placeholder of a name. */
export function placeholderSizeBound(name: string, typeUrl: string): number {
  return 2 * Buffer.byteLength(name) + typeUrl.length + 96;
}

/** A response that says that the resource of this name is gone is at most so much longer, in bytes. */
export function removalSizeBound(name: string): number {
  return Buffer.byteLength(name) + 6;
}

/** Adds a resource's digest to the sum of a set; a negative one is taken away. */
export function addDigest(sum: bigint, digest: bigint): bigint {
  return BigInt.asUintN(128, sum + digest);
}

/**
 * The digest, or the sum of digests, that a version stands for; 0 when there is none, or another control plane gave it.
 */
export function digestOfVersion(version: string | undefined): bigint {
  return version !== undefined && /^[0-9a-f]{32}$/.test(version) ? BigInt(`0x${version}`) : 0n;
}

/**
 * The version of a set of resources from the sum of their digests. A sum does not
 * depend on order and is brought up to date in steps as small as the change, so
 * one changed resource of 10,000 costs one addition.
 */
export function versionOfSum(sum: bigint): string {
  return sum.toString(16).padStart(32, '0');
}
