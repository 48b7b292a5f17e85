// Which nodes a client status request asks for.

import { Script, createContext } from 'node:vm';

import { FieldError } from '../proto/json-message.ts';
import type { JsonMessage } from '../proto/json-message.ts';

interface NodeMatcher {
  readonly isMatch: (nodeId: string) => boolean;
  /** A regular expression may take for ever, and everything else would wait for it. */
  readonly isRegex: boolean;
}

/** Gives those of some node ids that are asked for. @throws FieldError when that takes too long. */
export type NodeFilter = (nodeIds: ReadonlySet<string>) => ReadonlySet<string>;

// More ask for what a prefix or a regular expression says better.
const maxMatchers = 100;

// Of one call of a filter, in which everything else waits; and of all calls. By the clock on the wall: a busy machine
// alone must not exceed it.
const maxMatchMs = 100;
const maxAllMatchesMs = 1_000;

/**
 * One matching matcher is enough; without any, all nodes match.
 * @param matchers as the API defines NodeMatcher; of a node only its id can be matched.
 * @throws FieldError
 */
export function parseNodeFilter(matchers: readonly JsonMessage[]): NodeFilter {
  if (matchers.length > maxMatchers) {
    throw new FieldError(`node_matchers: ${matchers.length} matchers, at most ${maxMatchers} are taken`);
  }
  const parsed = matchers.map(parseNodeMatcher);
  if (parsed.length === 0) return (nodeIds) => nodeIds;
  const select = (nodeIds: ReadonlySet<string>): ReadonlySet<string> =>
    new Set(nodeIds.values().filter((nodeId) => parsed.some(({ isMatch }) => isMatch(nodeId))));
  return parsed.some(({ isRegex }) => isRegex) ? boundTime(select) : select;
}

function parseNodeMatcher(matcher: JsonMessage): NodeMatcher {
  if (matcher.messages('node_metadatas').length > 0) {
    throw new FieldError(`${matcher.pathOf('node_metadatas')}: not supported, nodes are matched by node_id alone`);
  }
  const nodeId = matcher.message('node_id');
  return nodeId === undefined ? { isMatch: () => true, isRegex: false } : parseStringMatcher(nodeId);
}

const patternNames = ['exact', 'prefix', 'suffix', 'contains', 'safe_regex'] as const;

function parseStringMatcher(matcher: JsonMessage): NodeMatcher {
  const [name, ...others] = patternNames.filter((each) => matcher.has(each));
  if (name === undefined || others.length > 0) {
    throw new FieldError(`${matcher.pathOf()}: must have one of ${patternNames.join(', ')}`);
  }
  if (name === 'safe_regex') return parseRegex(matcher);
  const fold = matcher.bool('ignore_case') ? (text: string) => text.toLowerCase() : (text: string) => text;
  const pattern = fold(matcher.string(name));
  return { isMatch: (nodeId) => stringTests[name](fold(nodeId), pattern), isRegex: false };
}

const stringTests = {
  exact: (text: string, pattern: string) => text === pattern,
  prefix: (text: string, pattern: string) => text.startsWith(pattern),
  suffix: (text: string, pattern: string) => text.endsWith(pattern),
  contains: (text: string, pattern: string) => text.includes(pattern),
};

// The whole id has to match. The syntax is JavaScript's, strict: what RE2 has beyond it is refused, not misread.
function parseRegex(matcher: JsonMessage): NodeMatcher {
  const source = matcher.message('safe_regex')?.string('regex') ?? '';
  try {
    // Alone, so that it can't close the group that is put around it.
    new RegExp(source, 'u');
  } catch (error) {
    throw new FieldError(`${matcher.pathOf('safe_regex.regex')}: ${(error as Error).message}`);
  }
  const regex = new RegExp(`^(?:${source})$`, 'u');
  return { isMatch: (nodeId) => regex.test(nodeId), isRegex: true };
}

const callSelect = new Script('select(nodeIds)');

function boundTime(select: NodeFilter): NodeFilter {
  const context = createContext({ select });
  let leftMs = maxAllMatchesMs;
  return (nodeIds) => {
    context['nodeIds'] = nodeIds;
    const startMs = performance.now();
    try {
      const timeout = Math.max(1, Math.ceil(Math.min(maxMatchMs, leftMs)));
      return callSelect.runInContext(context, { timeout }) as ReadonlySet<string>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new FieldError(`node_matchers: matching takes more than ${maxMatchMs} ms`);
    } finally {
      leftMs -= performance.now() - startMs;
    }
  };
}
