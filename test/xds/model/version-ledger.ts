// Which version stood for which content, over all streams and servers of a run.

import type { Content } from './content.ts';
import { demand } from './violation.ts';

export class VersionLedger {
  readonly #resources = new Map<string, Content>();
  // By version: the contents that it may have stood for, every time it was used.
  readonly #states = new Map<string, ReadonlySet<string>>();
  readonly #numbers = new Map<string, number>();

  /** The version of a resource, in delta. @param scope version and kind of the API. */
  noteResource(scope: string, version: string, content: Content): void {
    const key = `${scope} ${content.name} ${version}`;
    const before = this.#resources.get(key) ?? content;
    demand(before.bytes === content.bytes, 'nonces and versions', () => `${key}: ${before.text} and ${content.text}`);
    this.#resources.set(key, content);
  }

  /** What was sent under this version; undefined: no server ever used it. */
  resource(scope: string, name: string, version: string): Content | undefined {
    return this.#resources.get(`${scope} ${name} ${version}`);
  }

  /**
   * The version_info of a response.
   * @param certain what a client that applied all responses so far holds for sure.
   * @param uncertain resources that may or may not belong to it: the client was sent them, and they have gone since.
   */
  noteState(scope: string, version: string, certain: readonly Content[], uncertain: readonly Content[]): void {
    const key = `${scope} ${version}`;
    const candidates = new Set(subsetsOf(uncertain).map((subset) => this.#describe([...certain, ...subset])));
    const before = this.#states.get(key) ?? candidates;
    const common = before.intersection(candidates);
    demand(common.size > 0, 'nonces and versions', () => {
      return `${key} stood for ${[...before].join(' or ')}, now for ${[...candidates].join(' or ')}`;
    });
    this.#states.set(key, common);
  }

  #describe(contents: readonly Content[]): string {
    const parts = contents.map(({ name, text, bytes }) => `${name}: ${text} #${this.#numberOf(bytes)}`);
    return `{${parts.sort().join('; ')}}`;
  }

  #numberOf(bytes: string): number {
    const number = this.#numbers.get(bytes) ?? this.#numbers.size;
    this.#numbers.set(bytes, number);
    return number;
  }
}

function subsetsOf<Item>(items: readonly Item[]): Item[][] {
  return items.reduce<Item[][]>((subsets, item) => [...subsets, ...subsets.map((subset) => [...subset, item])], [[]]);
}
