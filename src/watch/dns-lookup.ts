// One question to the name servers: which addresses a host name has, and for how long that may be taken for true.

import { Resolver, lookup as lookUpOnHost } from 'node:dns/promises';

import { findUndialable, parseIpAddress } from '../net/ip-address.ts';

export interface Answer {
  /** In canonical spelling, each once; never empty. */
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

/** Rejects with a {@link LookupError}. */
export type Lookup = (name: string) => Promise<Answer>;

/** `message` is a few words, such as `not found`. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
}

interface RecordWithTtl {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

// Of each server, and once more of all.
const timeoutMs = 2_000;
const tries = 2;

// How often Envoy looks where no record says it (dns_refresh_rate).
const ttlOfHostMs = 5_000;

const isAbsent = new Set(['ENOTFOUND', 'ENODATA']);

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'not found',
  ENODATA: 'no address',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused',
  ETIMEOUT: 'no answer',
  ECONNREFUSED: 'no name server there',
};

/**
 * IPv4 addresses, and where a name has none, IPv6, as Envoys are told to look.
 * @param servers as IP:PORT; none: those of this host, and for names that these do not know, whatever else the host goes
 * by: its hosts file, search domains.
 */
export function createLookup(servers: readonly string[] = []): Lookup {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers.length > 0) resolver.setServers(servers);
  return async (name) => {
    try {
      return toAnswer(await findRecords(resolver, name));
    } catch (error) {
      const onHost = servers.length > 0 ? undefined : await findOnHost(name);
      if (onHost !== undefined) return onHost;

      if (error instanceof LookupError) throw error;
      const { code = '', message } = error as NodeJS.ErrnoException;
      throw new LookupError(words[code] ?? message, { cause: error });
    }
  };
}

/** Undefined: the host goes by nothing else. */
async function findOnHost(name: string): Promise<Answer | undefined> {
  try {
    const found = await lookUpOnHost(name, { all: true, order: 'ipv4first' });
    const { family } = found[0] ?? {};
    return toAnswer(found.filter((each) => each.family === family).map(({ address }) => ({ address })));
  } catch {
    return undefined;
  }
}

async function findRecords(resolver: Resolver, name: string): Promise<readonly RecordWithTtl[]> {
  const ofFamily = (found: Promise<readonly RecordWithTtl[]>): Promise<readonly RecordWithTtl[]> => {
    return found.catch((error: NodeJS.ErrnoException) => {
      if (isAbsent.has(error.code ?? '')) return [];
      throw error;
    });
  };
  const records = await ofFamily(resolver.resolve4(name, { ttl: true }));
  return records.length > 0 ? records : ofFamily(resolver.resolve6(name, { ttl: true }));
}

function toAnswer(records: readonly (Omit<RecordWithTtl, 'ttl'> & Partial<RecordWithTtl>)[]): Answer {
  const found = records.flatMap(({ address }) => parseIpAddress(address) ?? []);
  // What can't be declared leads nowhere here either: by 0.0.0.0 an Envoy would connect to itself.
  const addresses = new Set(found.filter((address) => findUndialable(address) === undefined));
  if (addresses.size === 0) throw new LookupError('not found');
  return {
    addresses: [...addresses],
    ttlMs: Math.min(...records.map(({ ttl }) => (ttl === undefined ? ttlOfHostMs : ttl * 1_000))),
  };
}
