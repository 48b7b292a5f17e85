// The values of what is published, and was until lately: a client may refuse what it was sent before the newest.

import type { SortedByName } from '../collections/sorted-by-name.ts';
import type { Secret, SecretValue } from '../model/objects.ts';

/** What no text of a client's may tell. */
export interface SecretValues {
  readonly passwords: readonly string[];
  /** In PEM. */
  readonly privateKeys: readonly string[];
}

// Of those that were replaced or removed since the start; the oldest are forgotten.
const maxReplaced = 1_000;

const nothing: SecretValues = { passwords: [], privateKeys: [] };

/** Opens them when they are asked for, and keeps what it gave until others are published. */
export class KnownSecrets {
  readonly #open: ((secret: Secret) => SecretValue) | undefined;
  #published: SortedByName<Secret> | undefined;
  // Sealed, as all that is kept.
  #replaced: readonly Secret[] = [];
  #values: SecretValues | undefined;

  /** @param open undefined: there are none. */
  constructor(open: ((secret: Secret) => SecretValue) | undefined) {
    this.#open = open;
  }

  /** To be told of all secrets with each publication; costs what the step costs that leads there. */
  notePublished(secrets: SortedByName<Secret>): void {
    const before = this.#published;
    this.#published = secrets;
    const changed = before?.namesUnlike(secrets);
    if (changed?.length === 0) return;
    const gone = changed?.flatMap((name) => before?.get(name) ?? []) ?? [];
    this.#replaced = [...this.#replaced, ...gone].slice(-maxReplaced);
    this.#values = undefined;
  }

  /** The same object until other secrets are published. */
  values(): SecretValues {
    return (this.#values ??= this.#read());
  }

  #read(): SecretValues {
    if (this.#open === undefined) return nothing;
    const values = [...(this.#published?.values() ?? []), ...this.#replaced].map(this.#open);
    return {
      passwords: values.flatMap((value) => (value.kind === 'password' ? [value.value] : [])),
      privateKeys: values.flatMap((value) => (value.kind === 'certificate' ? [value.key] : [])),
    };
  }
}
