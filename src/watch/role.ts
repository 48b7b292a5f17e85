// What servers say of their part in replication, in their many words, as one shape.

/** `unknown`: the server says something that we do not understand, or nothing. */
export type RoleName = 'primary' | 'replica' | 'sentinel' | 'unknown';

export interface Role {
  readonly name: RoleName;
  /** Of a replica, and of an active one, which is a primary too: whom it follows, HOST:PORT as it says it. */
  readonly follows?: string | undefined;
}

const activeReplica = 'active-replica';

// Redis and Valkey say master and slave; KeyDB says active-replica of one that takes writes, too.
const names: Readonly<Record<string, RoleName>> = {
  master: 'primary',
  primary: 'primary',
  [activeReplica]: 'primary',
  slave: 'replica',
  replica: 'replica',
  sentinel: 'sentinel',
};

/**
 * The answer to ROLE: an array whose first item is the word. Redis gives a replica's primary as host and port after it;
 * what else there is, and how much, differs from server to server.
 */
export function parseRole(reply: unknown): Role {
  if (!Array.isArray(reply)) return { name: 'unknown' };
  const [word, host, port] = reply as readonly unknown[];
  // KeyDB with several primaries answers one array for each.
  if (Array.isArray(word)) return parseRole(word);
  const name = (typeof word === 'string' ? names[word] : undefined) ?? 'unknown';
  return name === 'replica' || word === activeReplica ? { name, follows: addressOf(host, port) } : { name };
}

/**
 * How much of the replication stream a server has sent, or taken, in bytes; undefined where ROLE does not say: Dragonfly
 * has no such number, and a replica whose link is down answers -1. Kvrocks gives it as text.
 */
export function offsetOfRole(reply: unknown): number | undefined {
  if (!Array.isArray(reply)) return undefined;
  const { name } = parseRole(reply);
  const offset: unknown = reply[name === 'replica' ? 4 : 1];
  if (name === 'unknown' || Array.isArray(reply[0])) return undefined;
  const text = typeof offset === 'number' ? `${offset}` : offset;
  return typeof text === 'string' && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
}

/** The same from INFO, where ROLE is not known, or not allowed. */
export function roleOfInfo(fields: ReadonlyMap<string, string>): Role {
  if (fields.get('redis_mode') === 'sentinel') return { name: 'sentinel' };
  const name = names[fields.get('role') ?? ''] ?? 'unknown';
  if (name !== 'replica' && fields.get('role') !== activeReplica) return { name };
  return { name, follows: addressOf(fields.get('master_host'), fields.get('master_port')) };
}

function addressOf(host: unknown, port: unknown): string | undefined {
  if (typeof host !== 'string' || host === '' || !/^\d{1,5}$/u.test(`${port as string}`)) return undefined;
  return host.includes(':') ? `[${host}]:${port as string}` : `${host}:${port as string}`;
}
