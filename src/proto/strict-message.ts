// Checks a plain object against a message type before it is encoded: protobufjs
// alone drops unknown fields and enum names, and coerces values of wrong types.

import protobuf from 'protobufjs';
import type { Enum, Field, OneOf, Type } from 'protobufjs';

type ReadyMessage = Record<string, unknown>;

const SCALARS: Readonly<Record<string, { readonly expected: string; accepts(value: unknown): boolean }>> = {
  // Ill-formed Unicode has no UTF-8 form, and Envoy refuses the whole message for it.
  string: { expected: 'well-formed string', accepts: (value) => typeof value === 'string' && value.isWellFormed() },
  bool: { expected: 'boolean', accepts: (value) => typeof value === 'boolean' },
  bytes: { expected: 'Uint8Array', accepts: (value) => value instanceof Uint8Array },
  double: { expected: 'number', accepts: (value) => typeof value === 'number' },
  float: { expected: 'number', accepts: (value) => typeof value === 'number' },
  int32: { expected: 'integer, 32 bits', accepts: isIntegerIn(-(2 ** 31), 2 ** 31 - 1) },
  uint32: { expected: 'integer >= 0, 32 bits', accepts: isIntegerIn(0, 2 ** 32 - 1) },
  int64: { expected: 'safe integer', accepts: isIntegerIn(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) },
  uint64: { expected: 'safe integer >= 0', accepts: isIntegerIn(0, Number.MAX_SAFE_INTEGER) },
};

function isIntegerIn(min: number, max: number): (value: unknown) => boolean {
  return (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/**
 * Returns `value` as protobufjs encodes it without further checks: enum names
 * as numbers, map keys sorted, fields that hold their default left out (proto3
 * gives both the same meaning, so both must have the same bytes). Throws a
 * TypeError that names the field when `value` doesn't fit `type`.
 */
export function toStrictMessage(type: Type, value: unknown): ReadyMessage {
  if (!isPlainObject(value)) throw mismatch(type.fullName, 'object', value);
  const message: ReadyMessage = {};
  const oneofs = new Set<string>();
  for (const [name, fieldValue] of Object.entries(value)) {
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined) throw new TypeError(`${type.fullName} has no field ${JSON.stringify(name)}`);
    if (field.partOf) claimOneof(oneofs, field.partOf);
    const ready = toFieldValue(field, fieldValue);
    if (!isImplicitDefault(field, ready)) message[name] = ready;
  }
  return message;
}

function claimOneof(claimed: Set<string>, oneof: OneOf): void {
  if (claimed.has(oneof.name)) throw new TypeError(`${oneof.fullName}: more than one member is set`);
  claimed.add(oneof.name);
}

function toFieldValue(field: Field, value: unknown): unknown {
  if (field.map) {
    if (!isPlainObject(value)) throw mismatch(field.fullName, 'object', value);
    const keys = Object.keys(value).sort();
    for (const key of keys) checkScalar('string', field, key);
    return Object.fromEntries(keys.map((key) => [key, toSingleValue(field, value[key])]));
  }
  if (field.repeated) {
    if (!Array.isArray(value)) throw mismatch(field.fullName, 'array', value);
    return value.map((item) => toSingleValue(field, item));
  }
  return toSingleValue(field, value);
}

function toSingleValue(field: Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) return toStrictMessage(field.resolvedType, value);
  if (field.resolvedType instanceof protobuf.Enum) return toEnumNumber(field, field.resolvedType, value);
  checkScalar(field.type, field, value);
  return value;
}

function checkScalar(type: string, field: Field, value: unknown): void {
  const scalar = SCALARS[type];
  if (scalar === undefined) throw new TypeError(`${field.fullName}: values of type ${type} are not supported`);
  if (!scalar.accepts(value)) throw mismatch(field.fullName, scalar.expected, value);
}

function toEnumNumber(field: Field, type: Enum, value: unknown): number {
  if (typeof value !== 'string') throw mismatch(field.fullName, 'enum value name', value);
  const number = Object.hasOwn(type.values, value) ? type.values[value] : undefined;
  if (number === undefined) throw new TypeError(`${field.fullName}: ${type.fullName} has no value ${value}`);
  return number;
}

function isImplicitDefault(field: Field, ready: unknown): boolean {
  if (field.partOf || field.map || field.repeated || field.resolvedType instanceof protobuf.Type) return false;
  if (ready instanceof Uint8Array) return ready.length === 0;
  return ready === '' || ready === false || Object.is(ready, 0);
}

/** Only an object literal's like: the entries of a Map or a class instance would be lost without a word. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// Strings aren't shown: they may be secrets, and messages end up in logs.
function mismatch(where: string, expected: string, value: unknown): TypeError {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return new TypeError(`${where}: ${expected} expected, not ${kind === 'number' ? value : kind}`);
}
