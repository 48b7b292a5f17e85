// What the requests of one type on one stream add up to, as the xDS protocol says it
// ("How the client specifies what resources to return").

import type { Kind } from '../../support/xds/discovery-api.ts';
import type { DeltaRequest, SotwRequest } from './discovery-message.ts';

export class Wanted {
  readonly isWildcard: boolean;
  readonly names: ReadonlySet<string>;

  constructor(isWildcard: boolean, names: Iterable<string>) {
    this.isWildcard = isWildcard;
    this.names = new Set([...names].filter((name) => name !== '*'));
  }

  includes(name: string): boolean {
    return this.isWildcard || this.names.has(name);
  }

  get isNothing(): boolean {
    return !this.isWildcard && this.names.size === 0;
  }

  equals(other: Wanted): boolean {
    return this.isWildcard === other.isWildcard && this.names.symmetricDifference(other.names).size === 0;
  }
}

/** Only of these may everything be asked for, and only of these does a response hold everything. */
export function isFullStateKind(kind: Kind): boolean {
  return kind === 'cluster' || kind === 'listener';
}

/** @param wereNamesGiven by this request or one before it on the stream. */
export function wantedBySotw({ kind, names }: SotwRequest, wereNamesGiven: boolean): Wanted {
  const isWildcard = isFullStateKind(kind) && (wereNamesGiven ? names.includes('*') : true);
  return new Wanted(isWildcard, names);
}

/** What the first delta request of a stream wants. */
export function wantedAtFirst({ kind, subscribe, unsubscribe, initialVersions }: DeltaRequest): Wanted {
  const held = [...initialVersions.keys()];
  // Old Envoys that want everything list what they hold by name when they reconnect.
  const isOldWildcard = held.length > 0 && new Set(subscribe).symmetricDifference(new Set(held)).size === 0;
  const isWildcard = subscribe.length === 0 || subscribe.includes('*') || isOldWildcard;
  return new Wanted(isFullStateKind(kind) && isWildcard, subscribe.filter((name) => !unsubscribe.includes(name)));
}

/** What is wanted after a later delta request. A name in both lists ends up unsubscribed. */
export function wantedNext(before: Wanted, { kind, subscribe, unsubscribe }: DeltaRequest): Wanted {
  const isAdded = isFullStateKind(kind) && subscribe.includes('*');
  const names = [...before.names, ...subscribe].filter((name) => !unsubscribe.includes(name));
  return new Wanted((before.isWildcard || isAdded) && !unsubscribe.includes('*'), names);
}
