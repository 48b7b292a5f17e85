// What random declarations are made of where the schemas do not say it: texts of every form that some field has, and
// fields that refer to something. A field of a new form needs a text here; arbitrary-of.ts finds out where each fits.

import fc from 'fast-check';

import { formatAddress } from '../../src/net/address.ts';
import type { FieldKnowledge } from './arbitrary-of.ts';

const durations = ['1ms', '3ms', '250ms', '1s', '14s', '15s', '90s', '10m', '1h', '24h', '168h'];
const addresses = ['10.0.0.1', '127.0.0.1', '::1', '2001:db8::c', '::ffff:10.0.0.9'];
const listenAddresses = ['127.0.0.1:1', '0.0.0.0:1', '[::]:1', '[2001:db8::1]:1'];
const primaries = ['10.0.0.1:6379'];
const uris = ['spiffe://redis/a', '/healthz'];
const hosts = ['redis.internal', 'shop.example', '*.shop.example', 'localhost', 'A-b.c_d', '192.0.2.1'];
const commands = ['get', 'SET', 'json.get', 'ft.search', 'bf.add', 'object', 'x-y_z'];
const keyFormatters = ['%KEY%', 'tenant7:{%KEY%}', '{}%KEY%%KEY%', `${'long:'.repeat(190)}%KEY%`, 'ключ "%KEY%" \\'];
const names = ['a', 'sess:', '/api/', '集群', 'with space', '"quoted" \\', '%', 'x'.repeat(200), 'é'.repeat(500)];

export const texts: readonly string[] = [
  ...durations,
  ...addresses,
  ...listenAddresses,
  ...primaries,
  ...uris,
  ...hosts,
  ...commands,
  ...keyFormatters,
  ...names,
];

/** Secrets that are declared, by their kinds; a field that names one says by its own name of which kind. */
export const secretNames = { password: 'a password', certificate: 'a certificate', ca: 'a CA' } as const;

/** @param clusters the names of those that are declared. */
export function knowFields(clusters: readonly string[]): FieldKnowledge {
  const anyCluster = fc.constantFrom(...clusters);
  const byField = {
    cluster: anyCluster,
    catch_all: anyCluster,
    'password.secret': fc.constant(secretNames.password),
    'passwords.secret': fc.constant(secretNames.password),
    'certificate.secret': fc.constant(secretNames.certificate),
    'ca.secret': fc.constant(secretNames.ca),
    'client_ca.secret': fc.constant(secretNames.ca),
  };
  return { texts, byField, complete: (value) => withPrimary(withSeed(value)) };
}

// A Redis Cluster without one is not published, and so is nothing beside it.
function withSeed(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { kind, endpoints = [] } = value;
  if (kind !== 'redis_cluster' || !Array.isArray(endpoints) || endpoints.length > 0) return value;
  return { ...value, endpoints: [{ address: '10.0.0.1', port: 6379 }] };
}

// Of a group one of its own servers is the primary, if it has any.
function withPrimary(value: Readonly<Record<string, unknown>>): object {
  const { primary: _random, ...others } = value;
  const { kind, endpoints } = value;
  const isGroup = kind === 'replicated' || ('primary' in value && kind === undefined);
  const [first] = Array.isArray(endpoints) ? (endpoints as { address: string; port: number }[]) : [];
  if (!isGroup) return others;
  return first === undefined ? others : { ...others, primary: formatAddress({ host: first.address, port: first.port }) };
}
