// Listeners at an address of the control plane itself: an Envoy on the same machine can't bind it, or takes it away.
// Pure.

import { formatAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { areInWay } from '../render/check-addresses.ts';
import type { BoundListener } from './loops.ts';

/** Where the control plane listens. */
export interface OwnAddress {
  readonly flag: string;
  /** A host name is taken for any address of the machine. */
  readonly address: Address;
}

/** One line for each listener and address. */
export function findOwnAddresses(listeners: readonly BoundListener[], own: readonly OwnAddress[]): string[] {
  return listeners.flatMap(({ listener: { name }, address }) => {
    return own
      .filter((each) => areInWay(address, each.address))
      .map(({ flag, address: taken }) => {
        const what = `address ${formatAddress(address)} is in the way of the control plane itself`;
        const where = `${flag} ${formatAddress(taken)}`;
        return `listener ${JSON.stringify(name)}: ${what} (${where}): an Envoy on the same machine can't have it`;
      });
  });
}
