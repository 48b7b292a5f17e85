// What is tried with every client library, in the order of the tables.

import type { Credentials, ListenerName } from './stage.ts';

export type Language = 'en' | 'zh-CN';

/** The two kinds of listener that lead to Redis. */
export const listenerKinds = ['redis', 'tcp'] as const;

export type ListenerKind = (typeof listenerKinds)[number];

export interface Probe {
  readonly name: string;
  /** What a driver does; default: `name`. */
  readonly attempt?: string;
  readonly title: Readonly<Record<Language, string>>;
  /** By kind the listener that it is tried at, where that is not the simplest one; null: not tried. */
  readonly at?: Partial<Record<ListenerKind, ListenerName | null>>;
  /** What the client is told to say. */
  readonly as?: Credentials;
  /** The key that is used; default `k`. */
  readonly key?: string;
  /** What it comes to when the library reports no error, and yet it is not so. */
  readonly wrong?: Readonly<Record<Language, string>>;
}

/** The first one says with what settings a library is used in all others. */
export const connecting: Probe = {
  name: 'connect',
  title: { en: 'connects with its defaults', 'zh-CN': '用默认设置连接' },
};

export const probes: readonly Probe[] = [
  connecting,
  {
    name: 'connect-several',
    attempt: 'connect',
    title: { en: 'connects, several clusters without a catch-all', 'zh-CN': '连接，多个集群，没有兜底集群' },
    at: { redis: 'several', tcp: null },
    key: 'b:k',
  },
  {
    name: 'resp3',
    title: { en: 'is told to speak RESP3', 'zh-CN': '要求它说 RESP3' },
    wrong: { en: 'goes on in RESP2', 'zh-CN': '改用 RESP2 继续' },
  },
  {
    name: 'resp3-listener',
    attempt: 'resp3',
    title: { en: 'speaks RESP3, the listener has `protocol: RESP3`', 'zh-CN': '说 RESP3，监听器有 `protocol: RESP3`' },
    at: { redis: 'resp3', tcp: null },
    wrong: { en: 'goes on in RESP2', 'zh-CN': '改用 RESP2 继续' },
  },
  {
    name: 'password',
    attempt: 'connect',
    title: { en: 'says a password that is asked for', 'zh-CN': '说出被要求的密码' },
    at: { redis: 'password', tcp: 'guarded' },
    as: 'password',
  },
  {
    name: 'user',
    attempt: 'connect',
    title: { en: 'says a user name and its password', 'zh-CN': '说出用户名和它的密码' },
    at: { redis: 'user', tcp: 'guarded' },
    as: 'user',
  },
  {
    name: 'unasked-password',
    attempt: 'connect',
    title: { en: 'says a password that nobody asks for', 'zh-CN': '说出没有人要求的密码' },
    as: 'password',
  },
  {
    name: 'server-password',
    attempt: 'connect',
    title: { en: 'says none, the cluster has `upstream_auth`', 'zh-CN': '不说密码，集群有 `upstream_auth`' },
    at: { redis: 'guarded', tcp: 'guarded' },
  },
  { name: 'pipeline', title: { en: 'pipeline of 10,000', 'zh-CN': '10,000 条的管道' } },
  { name: 'multi', title: { en: '`MULTI`, `EXEC`', 'zh-CN': '`MULTI`、`EXEC`' } },
  {
    name: 'watch',
    title: { en: '`WATCH`', 'zh-CN': '`WATCH`' },
    wrong: { en: 'protects nothing, no error', 'zh-CN': '什么也保护不了，不报错' },
  },
  { name: 'pubsub', title: { en: 'subscribes and is told', 'zh-CN': '订阅并收到消息' } },
  { name: 'blocking-pop', title: { en: 'blocking pop', 'zh-CN': '阻塞弹出' } },
  { name: 'script', title: { en: 'script by hash', 'zh-CN': '按散列执行脚本' } },
  {
    name: 'script-other-cluster',
    attempt: 'script',
    title: { en: "script by hash, a key that is not the catch-all's", 'zh-CN': '按散列执行脚本，键不属于兜底集群' },
    at: { redis: 'catch-all', tcp: null },
    key: 'b:k',
  },
  { name: 'scan', title: { en: 'all keys by `SCAN`', 'zh-CN': '用 `SCAN` 取所有键' } },
  {
    name: 'scan-two-servers',
    attempt: 'scan',
    title: { en: 'all keys by `SCAN`, two servers in the cluster', 'zh-CN': '用 `SCAN` 取所有键，集群中有两台服务器' },
    at: { redis: 'two-servers', tcp: null },
    wrong: { en: 'a part of the keys, no error', 'zh-CN': '只得一部分键，不报错' },
  },
  {
    name: 'select',
    title: { en: 'uses database 1', 'zh-CN': '使用数据库 1' },
    at: { redis: 'databases' },
    wrong: { en: 'moves other clients too, no error', 'zh-CN': '其他客户端也被移走，不报错' },
  },
  {
    name: 'tracking',
    title: { en: 'client-side cache', 'zh-CN': '客户端缓存' },
    at: { redis: 'resp3' },
    wrong: { en: 'caches nothing, no error', 'zh-CN': '什么也不缓存，不报错' },
  },
  {
    name: 'cluster',
    title: { en: 'its client for a Redis Cluster, which is behind', 'zh-CN': '它的 Redis Cluster 客户端，后面正是这样的集群' },
    at: { redis: 'cluster', tcp: 'cluster' },
    wrong: { en: 'speaks to the servers, past Envoy', 'zh-CN': '绕过 Envoy，直接与服务器说话' },
  },
  {
    name: 'replaced',
    title: { en: 'goes on when another server takes over', 'zh-CN': '换了服务器以后继续' },
    at: { redis: 'moving', tcp: 'moving' },
  },
];

/** Those that can be tried at this kind of listener. */
export function probesAt(kind: ListenerKind): readonly Probe[] {
  return probes.filter(({ at }) => at?.[kind] !== null);
}
