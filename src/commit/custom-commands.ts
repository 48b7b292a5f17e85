// Custom commands that write, where a listener treats reads otherwise than writes: Envoy takes all of them for
// reads (seen with 1.36 and 1.40). Pure.

import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import type { CatchAllRoute, Listener, RedisRoute } from '../model/objects.ts';
import { clustersOf, describeTarget } from '../model/redis-targets.ts';
import { findPublished } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { findRedisRoutes } from '../render/redis-proxy.ts';
import { readsOf } from '../render/redis-reads.ts';
import { isRedis } from '../render/render-listener.ts';
import { nameSome } from '../text/name-some.ts';
import { isReading } from '../text/redis-commands.ts';

type Target = RedisRoute | CatchAllRoute;

/** What is declared after the edits. */
interface After {
  readonly clusters: Clusters;
  readonly listeners: ReadonlyMap<string, Listener>;
}

/**
 * One line for each listener and each harm, of what the edits concern.
 * @param options of the catch-all that a listener leaves to the flag.
 */
export function findCustomWrites(edits: Edits, { clusters, listeners }: After, options: RenderOptions): string[] {
  const edited = new Set(edits.clusters.map(({ name }) => name));
  const isListenerEdited = new Set(edits.listeners.map(({ name }) => name));
  return Array.from(listeners.values()).flatMap((declared) => {
    const listener = findPublished(declared.name, declared, options);
    if (listener === undefined || !isRedis(listener)) return [];
    const commands = (listener.custom_commands ?? []).filter((command) => !isReading(command));
    if (commands.length === 0) return [];
    const { routes, catchAll } = findRedisRoutes(listener, clusters, options.redisCatchAll);
    const concerned = [...routes, ...(catchAll === undefined ? [] : [catchAll])].filter((target) => {
      return isListenerEdited.has(listener.name) || clustersOf(target).some((name) => edited.has(name));
    });
    const who = `listener ${JSON.stringify(listener.name)}: Envoy takes custom commands for reads`;
    const what = nameSome(commands);
    const describe = (targets: readonly Target[], harm: string): string[] => {
      return targets.length === 0 ? [] : [`${who}: by ${nameSome(targets.map(describeTarget))} ${what} ${harm}`];
    };
    return [
      ...describe(
        concerned.filter((target) => readsOf(target, clusters) !== 'primary'),
        'go where reads go, and a replica refuses those that write',
      ),
      ...describe(
        concerned.filter(({ mirrors = [] }) => mirrors.some((mirror) => mirror.exclude_reads === true)),
        'are not sent to mirrors with exclude_reads, which miss what they write',
      ),
    ];
  });
}
