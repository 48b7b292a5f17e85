// Messages as proto3 JSON, out only. Field names stay as in protos/, as go-control-plane
// writes them; readers of proto3 JSON take either form.

import protobuf from 'protobufjs';
import type { Field, Type } from 'protobufjs';
import { decodeMessage, protoRoot } from './protos.ts';
import type { PlainMessage } from './protos.ts';

/** Messages that have a JSON form of their own, beside google.protobuf.Any. */
const wellKnownTypes: Readonly<Record<string, (message: PlainMessage) => unknown>> = {
  'google.protobuf.Duration': renderDuration,
  'google.protobuf.Timestamp': renderTimestamp,
  'google.protobuf.BoolValue': ({ value = false }) => value,
  'google.protobuf.UInt32Value': ({ value = 0 }) => value,
};

/**
 * `message`, a plain one as {@link decodeMessage} gives it, as a value for JSON.stringify. What is packed in an Any is
 * unpacked. Throws when there is no such message, or one inside it is not defined in protos/ or has a JSON form that
 * is not known here.
 */
export function toProtoJson(fullName: string, message: PlainMessage): unknown {
  if (fullName === 'google.protobuf.Any') return renderAny(message);
  const renderWellKnown = wellKnownTypes[fullName];
  if (renderWellKnown !== undefined) return renderWellKnown(message);
  if (fullName.startsWith('google.protobuf.')) throw new TypeError(`${fullName}: its JSON form is not known`);
  return renderFields(protoRoot.lookupType(`.${fullName}`), message);
}

function renderAny({ type_url: typeUrl, value }: PlainMessage): unknown {
  const fullName = String(typeUrl).replace(/^.*\//u, '');
  const json = toProtoJson(fullName, decodeMessage(fullName, (value as Uint8Array | undefined) ?? new Uint8Array()));
  return { '@type': typeUrl, ...(fullName in wellKnownTypes ? { value: json } : (json as object)) };
}

function renderFields(type: Type, message: PlainMessage): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => {
      const field = type.fields[name];
      if (field === undefined) throw new TypeError(`${type.fullName} has no field ${name}`);
      return [name, renderField(field, value)];
    }),
  );
}

function renderField(field: Field, value: unknown): unknown {
  if (field.repeated) return (value as readonly unknown[]).map((item) => renderValue(field, item));
  if (!field.map) return renderValue(field, value);
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([key, item]) => [key, renderValue(field, item)]),
  );
}

function renderValue(field: Field, value: unknown): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return toProtoJson(resolvedType.fullName.slice(1), value as PlainMessage);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function renderDuration({ seconds, nanos }: PlainMessage): string {
  const [whole, fraction] = [Number(seconds ?? 0), Number(nanos ?? 0)];
  const sign = whole < 0 || fraction < 0 ? '-' : '';
  return `${sign}${Math.abs(whole)}${renderFraction(Math.abs(fraction))}s`;
}

function renderTimestamp({ seconds, nanos }: PlainMessage): string {
  const toTheSecond = new Date(Number(seconds ?? 0) * 1000).toISOString().slice(0, -'.000Z'.length);
  return `${toTheSecond}${renderFraction(Number(nanos ?? 0))}Z`;
}

// None, 3, 6 or 9 digits.
function renderFraction(nanos: number): string {
  return nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/(?:000){1,2}$/u, '')}`;
}
