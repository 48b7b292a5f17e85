// Resources as the entries of a response, each encoded once. Neighbours are kept together, so that responses which
// differ in a few resources share the bytes of all others (docs/adr/0004).

import protobuf from 'protobufjs/minimal.js';

import type { Resource } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import { lengthDelimited } from './wire.ts';

/** Bytes that follow one another. */
export type Parts = readonly Uint8Array[];

// Both discovery responses carry their resources in field 2.
const resourcesField = lengthDelimited(2);

// A longer value is left where it is: it is copied only into what a stream writes.
const longValueBytes = 16 * 1024;

/** An entry of DiscoveryResponse: google.protobuf.Any. */
export function encodeSotwEntry({ value }: Pick<Resource, 'value'>, typeUrl: string): Parts {
  const head = anyHead(typeUrl, value.length);
  return [fieldHead(resourcesField, head.length + value.length), head, value];
}

/** An entry of DeltaDiscoveryResponse: a discovery Resource {version = 1, resource = 2, name = 3}. */
export function encodeDeltaEntry({ name, version, value }: Resource, typeUrl: string): Parts {
  const any = anyHead(typeUrl, value.length);
  const head = protobuf.Writer.create()
    .uint32(lengthDelimited(1))
    .string(version)
    .uint32(lengthDelimited(2))
    .uint32(any.length + value.length)
    .finish();
  const tail = protobuf.Writer.create().uint32(lengthDelimited(3)).string(name).finish();
  const length = head.length + any.length + value.length + tail.length;
  return [fieldHead(resourcesField, length), head, any, value, tail];
}

/** The entries of one protocol. */
export class ResourceEntries {
  readonly #encode: (resource: Resource, typeUrl: string) => Parts;
  readonly #ofRuns = new WeakMap<readonly Resource[], Parts>();
  readonly #ofResources = new WeakMap<Resource, Parts>();

  constructor(encode: (resource: Resource, typeUrl: string) => Parts) {
    this.#encode = encode;
  }

  /** @param resources of `set`, in its order. */
  of(resources: readonly Resource[], { resources: all, options: { typeUrl } }: ResourceSet): Parts {
    const parts: Uint8Array[] = [];
    let next = 0;
    const addAlone = (isAlone: (resource: Resource) => boolean): void => {
      for (let one = resources[next]; one !== undefined && isAlone(one); one = resources[next]) {
        parts.push(...this.#ofOne(one, typeUrl));
        next += 1;
      }
    };
    // What changed among many is few: it is not looked for in every run.
    const runs = resources.length * 2 < all.size ? [] : all.runs;
    for (const run of runs) {
      const [first, last] = [run[0], run.at(-1)] as [Resource, Resource];
      addAlone(({ name }) => name < first.name);
      // Both are sorted: the same ends at the same distance are the same run.
      if (resources[next] !== first || resources[next + run.length - 1] !== last) continue;
      parts.push(...this.#ofRun(run, typeUrl));
      next += run.length;
    }
    addAlone(() => true);
    return parts;
  }

  #ofRun(run: readonly Resource[], typeUrl: string): Parts {
    let parts = this.#ofRuns.get(run);
    if (parts === undefined) {
      parts = joinShort(run.flatMap((resource) => this.#encode(resource, typeUrl)));
      this.#ofRuns.set(run, parts);
    }
    return parts;
  }

  #ofOne(resource: Resource, typeUrl: string): Parts {
    let parts = this.#ofResources.get(resource);
    if (parts === undefined) {
      parts = joinShort(this.#encode(resource, typeUrl));
      this.#ofResources.set(resource, parts);
    }
    return parts;
  }
}

function joinShort(parts: Parts): Parts {
  const joined: Uint8Array[] = [];
  let short: Uint8Array[] = [];
  for (const part of parts) {
    if (part.length <= longValueBytes) {
      short.push(part);
      continue;
    }
    joined.push(Buffer.concat(short), part);
    short = [];
  }
  return short.length === 0 ? joined : [...joined, Buffer.concat(short)];
}

function anyHead(typeUrl: string, valueLength: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32(lengthDelimited(1))
    .string(typeUrl)
    .uint32(lengthDelimited(2))
    .uint32(valueLength)
    .finish();
}

function fieldHead(tag: number, length: number): Uint8Array {
  return protobuf.Writer.create().uint32(tag).uint32(length).finish();
}
