// One call of each Redis command, over data that every answer can be told from. What is tried, not what comes of it.

/** Put into a server before each call, straight; keys of other prefixes than the server's cluster are left out. */
export const data: readonly (readonly string[])[] = [
  ['SET', 'h:s', '5'],
  ['RPUSH', 'h:l', 'a', 'b', 'c'],
  ['HSET', 'h:h', 'f', '1', 'g', '2'],
  ['SADD', 'h:set', 'a'],
  ['SADD', 'h:set2', 'a'],
  ['ZADD', 'h:z', '1', 'a', '2', 'b'],
  ['XADD', 'h:x', '1-1', 'f', 'v'],
  ['XGROUP', 'CREATE', 'h:xg', 'g', '0', 'MKSTREAM'],
  ['GEOADD', 'h:g', '13.361389', '38.115556', 'p'],
  ['PFADD', 'h:p', 'a'],
  ['SET', 'b:s', '7'],
];

/** Commands that name keys, as their users write them, words separated by blanks. */
export const keyedCommands: readonly string[] = [
  // texts
  'GET h:s', 'SET h:s 1', 'SETEX h:s 9 1', 'PSETEX h:s 9000 1', 'SETNX h:new 1', 'GETSET h:s 1', 'GETDEL h:s',
  'GETEX h:s PERSIST', 'APPEND h:s x', 'STRLEN h:s', 'INCR h:s', 'INCRBY h:s 2', 'INCRBYFLOAT h:s 0.5', 'DECR h:s',
  'DECRBY h:s 2', 'GETRANGE h:s 0 1', 'SUBSTR h:s 0 1', 'SETRANGE h:s 0 x', 'GETBIT h:s 1', 'SETBIT h:s 1 1',
  'BITCOUNT h:s', 'BITPOS h:s 1', 'BITFIELD h:s GET u4 0', 'BITFIELD_RO h:s GET u4 0', 'BITOP NOT h:new h:s',
  'MGET h:s h:none', 'MSET h:s 1 h:new 2', 'MSETNX h:new 1', 'LCS h:s h:s',
  // keys
  'DEL h:s h:l', 'UNLINK h:s', 'EXISTS h:s h:s', 'TOUCH h:s', 'EXPIRE h:s 9', 'PEXPIRE h:s 9000',
  'EXPIREAT h:s 33177117420', 'PEXPIREAT h:s 33177117420000', 'EXPIRETIME h:s', 'PEXPIRETIME h:s',
  'TTL h:s', 'PTTL h:s', 'PERSIST h:s', 'TYPE h:s', 'DUMP h:s', 'RENAME h:s h:new', 'RENAMENX h:s h:new',
  'COPY h:s h:new', 'MOVE h:s 1', 'SORT h:l ALPHA', 'SORT_RO h:l ALPHA', 'OBJECT ENCODING h:s', 'MEMORY USAGE h:s',
  // lists
  'LPUSH h:l x', 'RPUSH h:l x', 'LPUSHX h:l x', 'RPUSHX h:l x', 'LPOP h:l', 'RPOP h:l', 'LLEN h:l', 'LRANGE h:l 0 -1',
  'LINDEX h:l 0', 'LSET h:l 0 x', 'LREM h:l 0 a', 'LTRIM h:l 0 0', 'LINSERT h:l BEFORE a x', 'LPOS h:l b',
  'RPOPLPUSH h:l h:l2', 'LMOVE h:l h:l2 LEFT RIGHT', 'LMPOP 1 h:l LEFT', 'BLPOP h:l 1', 'BRPOP h:l 1',
  'BRPOPLPUSH h:l h:l2 1', 'BLMOVE h:l h:l2 LEFT RIGHT 1', 'BLMPOP 1 1 h:l LEFT',
  // hashes
  'HGET h:h f', 'HSET h:h f 2', 'HMSET h:h f 2', 'HMGET h:h f g', 'HGETALL h:h', 'HDEL h:h f', 'HEXISTS h:h f',
  'HINCRBY h:h f 1', 'HINCRBYFLOAT h:h f 0.5', 'HKEYS h:h', 'HVALS h:h', 'HLEN h:h', 'HSETNX h:h n 1', 'HSTRLEN h:h f',
  'HRANDFIELD h:h 5', 'HSCAN h:h 0',
  // sets
  'SADD h:set b', 'SREM h:set a', 'SCARD h:set', 'SISMEMBER h:set a', 'SMISMEMBER h:set a b', 'SMEMBERS h:set',
  'SPOP h:set', 'SRANDMEMBER h:set', 'SMOVE h:set h:set3 a', 'SUNION h:set h:set2', 'SINTER h:set h:set2',
  'SDIFF h:set h:set2', 'SUNIONSTORE h:new h:set h:set2', 'SINTERSTORE h:new h:set h:set2',
  'SDIFFSTORE h:new h:set h:none', 'SINTERCARD 2 h:set h:set2', 'SSCAN h:set 0',
  // sorted sets
  'ZADD h:z 3 c', 'ZREM h:z a', 'ZCARD h:z', 'ZCOUNT h:z 0 9', 'ZSCORE h:z a', 'ZMSCORE h:z a b', 'ZRANK h:z a',
  'ZREVRANK h:z a', 'ZINCRBY h:z 1 a', 'ZRANGE h:z 0 -1', 'ZREVRANGE h:z 0 -1', 'ZRANGEBYSCORE h:z 0 9',
  'ZREVRANGEBYSCORE h:z 9 0', 'ZRANGEBYLEX h:z - +', 'ZREVRANGEBYLEX h:z + -', 'ZLEXCOUNT h:z - +',
  'ZRANGESTORE h:new h:z 0 -1', 'ZREMRANGEBYRANK h:z 0 0', 'ZREMRANGEBYSCORE h:z 0 1', 'ZREMRANGEBYLEX h:z - +',
  'ZPOPMIN h:z', 'ZPOPMAX h:z', 'ZRANDMEMBER h:z 5', 'ZUNIONSTORE h:new 1 h:z', 'ZINTERSTORE h:new 1 h:z',
  'ZDIFFSTORE h:new 1 h:z', 'ZUNION 1 h:z', 'ZINTER 1 h:z', 'ZDIFF 1 h:z', 'ZINTERCARD 1 h:z', 'ZMPOP 1 h:z MIN',
  'BZPOPMIN h:z 1', 'BZPOPMAX h:z 1', 'BZMPOP 1 1 h:z MIN', 'ZSCAN h:z 0',
  // streams, places, counts of different things
  'XADD h:x 2-1 f v', 'XLEN h:x', 'XRANGE h:x - +', 'XREVRANGE h:x + -', 'XDEL h:x 1-1', 'XTRIM h:x MAXLEN 0',
  'XREAD STREAMS h:x 0', 'XGROUP CREATE h:x g 0', 'XINFO STREAM h:x', 'XSETID h:x 9-9',
  'XACK h:xg g 1-1', 'XPENDING h:xg g', 'XREADGROUP GROUP g c STREAMS h:xg >', 'XCLAIM h:xg g c 0 1-1',
  'XAUTOCLAIM h:xg g c 0 0',
  'GEOADD h:g 15.087269 37.502669 q', 'GEOPOS h:g p', 'GEODIST h:g p p', 'GEOHASH h:g p',
  'GEORADIUS h:g 15 37 200 km', 'GEORADIUS_RO h:g 15 37 200 km', 'GEORADIUSBYMEMBER h:g p 200 km',
  'GEORADIUSBYMEMBER_RO h:g p 200 km', 'GEOSEARCH h:g FROMMEMBER p BYRADIUS 200 km',
  'GEOSEARCHSTORE h:new h:g FROMMEMBER p BYRADIUS 200 km', 'PFADD h:p b', 'PFCOUNT h:p', 'PFMERGE h:new h:p',
  // scripts
  "EVAL return(redis.call('get',KEYS[1])) 1 h:s", "EVAL_RO return(redis.call('get',KEYS[1])) 1 h:s",
];

/** Commands without a key. */
export const keylessCommands: readonly string[] = [
  'PING', 'PING x', 'ECHO x', 'TIME', 'QUIT', 'RESET', 'HELLO', 'HELLO 2', 'COMMAND COUNT',
  'CLIENT SETNAME x', 'CLIENT GETNAME', 'CLIENT ID', 'CLIENT INFO', 'CLIENT LIST', 'CLIENT TRACKING OFF',
  'CLIENT REPLY ON', 'CLIENT KILL TYPE pubsub', 'CLIENT UNPAUSE', 'CLIENT NO-EVICT OFF',
  'INFO', 'ROLE', 'DBSIZE', 'KEYS *', 'SCAN 0 COUNT 1000', 'RANDOMKEY', 'FLUSHALL', 'FLUSHDB', 'SWAPDB 0 1',
  'CONFIG GET maxmemory', 'CONFIG SET slowlog-max-len 128', 'SLOWLOG LEN', 'LATENCY RESET', 'MEMORY DOCTOR',
  'ACL WHOAMI', 'MODULE LIST', 'SAVE', 'BGSAVE', 'BGREWRITEAOF', 'LASTSAVE', 'REPLICAOF NO ONE', 'MONITOR', 'WAIT 0 1',
  'UNWATCH', 'SCRIPT LOAD return(1)', 'SCRIPT EXISTS x', 'SCRIPT FLUSH', 'FUNCTION LIST',
  'SUBSCRIBE x', 'PSUBSCRIBE x', 'SSUBSCRIBE x', 'PUBSUB CHANNELS', 'SPUBLISH x y',
];

/** Commands whose answers differ from one server to the next or from moment to moment: their kind is compared. */
export const varying: ReadonlySet<string> = new Set([
  'TIME', 'HELLO', 'HELLO 2', 'CLIENT ID', 'CLIENT INFO', 'CLIENT LIST', 'INFO', 'RANDOMKEY', 'LASTSAVE',
  'MEMORY DOCTOR', 'MEMORY USAGE', 'BGSAVE', 'XINFO STREAM',
]);

const twoWords = [
  'ACL', 'CLIENT', 'COMMAND', 'CONFIG', 'FUNCTION', 'HELLO', 'LATENCY', 'MEMORY', 'MODULE', 'OBJECT', 'PING', 'PUBSUB',
  'SCRIPT', 'SLOWLOG', 'XGROUP', 'XINFO',
];

/** `GET h:s` to `GET`; what has subcommands, or means something else with a second word, keeps that. */
export function commandName(example: string): string {
  const words = example.split(' ');
  return words.slice(0, twoWords.includes(words[0]!) ? 2 : 1).join(' ');
}
