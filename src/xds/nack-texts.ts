// The texts of a fleet that refuses the same thing: each is searched for secrets once.

import { createHash } from 'node:crypto';

import { createKnownSecretFinder } from './known-secrets.ts';
import type { SecretValues } from './known-secrets.ts';
import { describeNack } from './nack-text.ts';
import type { SecretFinder } from './redaction.ts';

/** What Envoys of a few releases say to a few resources that they refuse. */
const maxKept = 16;

export class NackTexts {
  readonly #read: () => SecretValues;
  readonly #findKnown: SecretFinder;
  #values: SecretValues | undefined;
  // What came of the last ones with these values, by what they were, of which nothing is kept; the newest last.
  readonly #told = new Map<string, string>();

  /** @param read gives the same object as long as the values are the same. */
  constructor(read: () => SecretValues) {
    this.#read = read;
    this.#findKnown = createKnownSecretFinder(read);
  }

  /** As {@link describeNack}. */
  describe(message: string): string {
    return describeNack(message, this.#findKnown, (telling, tell) => this.#remember(telling, tell));
  }

  #remember(telling: string, tell: () => string): string {
    const values = this.#read();
    if (values !== this.#values) this.#told.clear();
    this.#values = values;
    const key = createHash('sha256').update(telling, 'utf16le').digest('base64');
    const told = this.#told.get(key) ?? tell();
    this.#told.delete(key);
    this.#told.set(key, told);
    const [oldest] = this.#told.keys();
    if (this.#told.size > maxKept && oldest !== undefined) this.#told.delete(oldest);
    return told;
  }
}
