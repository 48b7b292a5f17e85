// The values that fields hold: each schema says its rule in words, and is the one place that has it.

import { z } from 'zod';

import { parseIpAndPort, parseServerHost } from '../net/address.ts';
import { findUndialable, parseIpAddress } from '../net/ip-address.ts';
import { parseDuration } from '../text/duration.ts';

export const maxNameBytes = 255;
export const maxPort = 65_535;
const maxLabels = 64;
const maxGroups = 100;
const maxWeight = 65_535;

const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/u;

/** Text of 1 to `maxBytes` bytes in UTF-8, without control characters. */
export function printable(maxBytes: number): z.ZodString {
  return z
    .string()
    .min(1, 'must not be empty')
    .refine((text) => Buffer.byteLength(text) <= maxBytes, `must have at most ${maxBytes} bytes`)
    .refine(isPrintable, 'must be Unicode text without control characters')
    .meta({ maxLength: maxBytes, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
}

export const name = printable(maxNameBytes).meta({ example: 'sessions' });

export const labels = z
  .record(printable(63), z.string().max(maxNameBytes))
  .refine((record) => Object.keys(record).length <= maxLabels, `must have at most ${maxLabels} labels`)
  .meta({ description: 'For those who read it; nothing is published of it.', example: { team: 'payments' } });

export const groups = z
  .array(name)
  .min(1)
  .max(maxGroups)
  .refine(isDistinct, 'must name each group once')
  .meta({
    description: 'The node groups (`node.cluster`) that are given it; left out: every Envoy.',
    example: ['edge'],
  });

/** One spelling of each, see {@link parseServerHost}; applied by canonical.ts. */
export const serverHost = z
  .string()
  .refine((text) => parseServerHost(text) !== undefined, 'must be an IPv4 or IPv6 address, or a host name')
  .refine(isDialable, 'must be an address that Envoys can connect to')
  .meta({ description: 'An IPv4 or IPv6 address, or a host name.', example: '10.0.0.1' });

export const port = z.int().min(1).max(maxPort).meta({ example: 6379 });

export const weight = z
  .int()
  .min(1)
  .max(maxWeight)
  .meta({ description: 'Share of the load, against the others; 1 unless told.' });

// Envoy refuses a whole Redis listener for one longer prefix (seen with 1.40).
export const maxPrefixBytes = 1_000;

/** What keys, or paths, of a route begin with. */
export const routePrefix = printable(maxPrefixBytes).meta({ example: 'sess:' });

export const removePrefix = z
  .boolean()
  .meta({ description: 'The server is sent the key, or path, without the prefix.' });

/** Where an Envoy listens. */
export const listenAddress = z
  .string()
  .refine(isListenAddress, 'must be an IP address and a port, such as 0.0.0.0:6379')
  .meta({ description: 'Where each Envoy binds it, IP:PORT.', example: '0.0.0.0:6379' });

/** A duration as text, see {@link parseDuration}. @param least unless told, whatever is above 0. */
export function duration(maxMs: number, maxText: string, least = { ms: 1, text: 'above 0' }): z.ZodString {
  return z
    .string()
    .refine(
      (text) => isValid(() => parseDuration(text, maxMs)) && parseDuration(text, maxMs) >= least.ms,
      `must be a duration ${least.text} and up to ${maxText}, such as 500ms, 5s or 1m`,
    )
    .meta({ example: '5s' });
}

/** True when `text` is a longer duration than `other`, and also when one of them is none: its own rule says so. */
export function isLongerThan(text: string, other: string): boolean {
  try {
    return parseDuration(text, Number.MAX_SAFE_INTEGER) > parseDuration(other, Number.MAX_SAFE_INTEGER);
  } catch {
    return true;
  }
}

/** True when no value is there twice. */
export function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

function isPrintable(text: string): boolean {
  return !controlCharacter.test(text) && text.isWellFormed();
}

function isDialable(text: string): boolean {
  return findUndialable(parseIpAddress(text) ?? text) === undefined;
}

function isListenAddress(text: string): boolean {
  return isValid(() => parseIpAndPort(text)) && !/:0+$/u.test(text);
}

function isValid(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
