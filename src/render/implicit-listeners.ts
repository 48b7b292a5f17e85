// The two listeners that are there without being declared: the Redis listener that the flags describe, and the HTTP
// routes for a listener in Envoy's own file. An object of the name says what else holds.

import type { Listener } from '../model/objects.ts';
import { formatAddress } from '../net/address.ts';
import type { RenderOptions } from './options.ts';

export const redisListenerName = 'redis_listener';
export const genericRouteName = 'generic_route';

export const implicitNames: readonly string[] = [redisListenerName, genericRouteName];

/** The listener of this name as it is published; undefined: there is none. @param declared the object, if any. */
export function findPublished(
  name: string,
  declared: Listener | undefined,
  { redisListener }: RenderOptions,
): Listener | undefined {
  if (name === genericRouteName) return declared ?? { name, kind: 'http' };
  if (name !== redisListenerName) return declared;
  const address = formatAddress(redisListener);
  return declared === undefined ? { name, address } : { ...declared, address: declared.address ?? address };
}
