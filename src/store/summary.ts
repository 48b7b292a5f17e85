// How many objects of each kind a revision changed.

import { byKind } from '../model/kinds.ts';
import { parseJson, parseNumber, parseObject } from './fields.ts';
import type { ChangeCounts, ObjectRef, Summary } from './log-store.ts';

/** An object that a commit changed, before and after in whatever form; undefined: it was, or is, not there. */
export interface Change extends ObjectRef {
  readonly before: unknown;
  readonly after: unknown;
}

const noCounts: ChangeCounts = { added: 0, changed: 0, removed: 0 };

export function summarize(changes: readonly Change[]): Summary {
  const countOf = (kind: Change['kind']) => {
    const ofKind = changes.filter((change) => change.kind === kind);
    const added = ofKind.filter(({ before }) => before === undefined).length;
    const removed = ofKind.filter(({ after }) => after === undefined).length;
    return { added, changed: ofKind.length - added - removed, removed };
  };
  return byKind(countOf);
}

/** Of the JSON of a summary. Throws an Error that says what is wrong with a text that holds none. */
export function parseSummary(text: unknown): Summary {
  const fields = parseObject(parseJson(text));
  // Those of before there were secrets say nothing of them.
  return byKind((kind) => parseCounts(kind === 'secret' ? (fields[kind] ?? noCounts) : fields[kind]));
}

function parseCounts(value: unknown): ChangeCounts {
  const { added, changed, removed } = parseObject(value);
  return {
    added: parseNumber('added', added),
    changed: parseNumber('changed', changed),
    removed: parseNumber('removed', removed),
  };
}
