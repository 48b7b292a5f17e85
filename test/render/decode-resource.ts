// A rendered resource as a reader sees it: decoded from its bytes, with what is packed inside decoded too.

import { decodeMessage } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';
import type { Resource } from '../../src/snapshot/resource.ts';

/** The message, with each `google.protobuf.Any` in it as `{ '@type': type URL, ...fields }`. */
export function decodeResource(messageName: string, resource: Resource): PlainMessage {
  return decodeAnys(decodeMessage(messageName, resource.value)) as PlainMessage;
}

function decodeAnys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeAnys);
  if (typeof value !== 'object' || value === null) return value;
  if ('type_url' in value && 'value' in value && value.value instanceof Uint8Array) {
    const typeUrl = String(value.type_url);
    const messageName = typeUrl.slice(typeUrl.indexOf('/') + 1);
    return { '@type': typeUrl, ...(decodeAnys(decodeMessage(messageName, value.value)) as PlainMessage) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, decodeAnys(field)]));
}
