// Redis commands: a list of them as an operator writes it, and those that no shared connection may be sent.

const maxNames = 100;
const maxNameLength = 64;
const commandName = /^[a-z0-9._-]+$/;

/** What Envoy answers itself before it looks at its faults, so that nothing can deny it (seen with 1.36 and 1.40). */
const undeniable: ReadonlySet<string> = new Set(['auth', 'client', 'echo', 'hello', 'ping', 'quit', 'time']);

/**
 * Parses names separated by commas, for commands that Envoy is to refuse; in lower case, in the order given, empty for
 * an empty text. Whether Envoy knows them differs by its release and is not asked: what it does not know, it refuses.
 * Throws an Error whose message is the rule that `text` breaks.
 */
export function parseDeniedCommands(text: string): readonly string[] {
  if (text === '') return [];
  const names = text.toLowerCase().split(',');
  if (names.length > maxNames) throw new Error(`must be at most ${maxNames} commands`);
  for (const [index, name] of names.entries()) {
    if (!commandName.test(name)) {
      throw new Error('must be commands separated by commas, each of letters, digits, dots, dashes and underscores');
    }
    if (name.length > maxNameLength) throw new Error(`a command must have at most ${maxNameLength} characters`);
    if (names.indexOf(name) !== index) throw new Error(`must not hold ${name} twice`);
    if (undeniable.has(name)) throw new Error(`must not hold ${name}: Envoy answers it itself, whatever is denied`);
  }
  return names;
}

const turnsConnection = 'it turns the connection, which all clients of the listener share, into something else';
const saysWhoAsks = 'it says of the whole connection, which all clients of the listener share, who asks, and how';
const blocks = 'the server waits, and with it all clients of the listener, who share the connection';
const splits = 'Envoy knows it, and asks every server that it concerns; it would ask that of the first argument alone';
const opensTransaction = 'Envoy carries out transactions itself, each on a connection of its own';

const poison: ReadonlyMap<string, string> = new Map(
  (
    [
      [turnsConnection, 'subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe monitor sync psync'],
      [turnsConnection, 'replconf quit reset'],
      [saysWhoAsks, 'auth hello client select readonly readwrite asking'],
      [blocks, 'blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop xread xreadgroup wait waitaof debug'],
      [splits, 'mget mset del unlink touch exists eval evalsha keys scan randomkey'],
      [splits, 'info role flushall flushdb config slowlog script cluster'],
      [opensTransaction, 'multi exec discard watch unwatch'],
    ] as const
  ).flatMap(([reason, commands]) => commands.split(' ').map((command) => [command, reason] as const)),
);

/**
 * Why Envoy must not be made to pass a command on by its first argument, on connections that its clients share. What
 * Envoy answers itself, or knows as such a command, it treats as always (seen with 1.40).
 * @param command in lower case.
 */
export function findPoison(command: string): string | undefined {
  return poison.get(command);
}

// Of Redis 7 those that go by their first argument and are flagged readonly, and such of its modules.
const reading: ReadonlySet<string> = new Set(
  (
    'bitcount bitfield_ro bitpos dump expiretime geodist geohash geopos georadius_ro georadiusbymember_ro geosearch ' +
    'get getbit getrange hexists hget hgetall hkeys hlen hmget hrandfield hscan hstrlen hvals lcs lindex llen lpos ' +
    'lrange pexpiretime pfcount pttl scard sdiff sinter sismember smembers smismember sort_ro srandmember sscan ' +
    'strlen substr sunion ttl type xlen xpending xrange xrevrange zcard zcount zlexcount zmscore zrandmember zrange ' +
    'zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore ' +
    'bf.card bf.exists bf.info bf.mexists cf.count cf.exists cf.info cf.mexists cms.info cms.query ' +
    'ft.aggregate ft.explain ft.info ft.search json.arrindex json.arrlen json.get json.objkeys json.objlen ' +
    'json.strlen json.type topk.count topk.info topk.list topk.query ts.get ts.info ts.range ts.revrange'
  ).split(' '),
);

/** True when a command is known to change nothing. @param command in lower case. */
export function isReading(command: string): boolean {
  return reading.has(command);
}
