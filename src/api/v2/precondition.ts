// Requests under a condition (RFC 9110, 13.1): who would overwrite what somebody else has changed is told.

import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { Precondition } from '../../commit/desk.ts';
import { ProblemError } from './problem.ts';

/** A strong entity tag for a content. */
export function tagOf(content: string): string {
  return `"${hash('sha256', content, 'base64url').slice(0, 22)}"`;
}

/** Of the staging area. */
export function stagingTag(lastEntry: number): string {
  return `"${lastEntry}"`;
}

/** That what is staged is what the request's tags say, when its turn has come. */
export function requireStaging(conditions: Conditions): Precondition {
  return ({ lastEntry }) => conditions.check([stagingTag(lastEntry)]);
}

export interface Conditions {
  /** @param tags of what is there; undefined: nothing is. @throws ProblemError (412) */
  readonly check: (tags: readonly string[] | undefined) => void;
}

const anyTag = '*';

/** What If-Match and If-None-Match ask of a request that changes something. What is no tag matches nothing. */
export function readConditions(request: IncomingMessage): Conditions {
  const ifMatch = readTags(request, 'if-match');
  const ifNoneMatch = readTags(request, 'if-none-match');
  return {
    check: (tags) => {
      if (ifMatch !== undefined && !matches(ifMatch, tags)) {
        throw new ProblemError(412, `If-Match ${show(ifMatch)}: ${describe(tags)}`);
      }
      if (ifNoneMatch !== undefined && matches(ifNoneMatch.map(toStrong), tags)) {
        throw new ProblemError(412, `If-None-Match ${show(ifNoneMatch)}: it is there`);
      }
    },
  };
}

/** Whether who asks has it already, so that 304 is the answer. */
export function isKnown(request: IncomingMessage, tag: string): boolean {
  const known = readTags(request, 'if-none-match');
  return known !== undefined && matches(known.map(toStrong), [tag]);
}

function matches(wanted: readonly string[], tags: readonly string[] | undefined): boolean {
  return tags !== undefined && (wanted.includes(anyTag) || tags.some((tag) => wanted.includes(tag)));
}

// If-None-Match compares weakly; a weak tag never satisfies If-Match.
function toStrong(tag: string): string {
  return tag.replace(/^W\//u, '');
}

function readTags(request: IncomingMessage, name: 'if-match' | 'if-none-match'): readonly string[] | undefined {
  // None of our tags has a comma.
  return request.headers[name]?.split(',').map((tag) => tag.trim());
}

function describe(tags: readonly string[] | undefined): string {
  return tags === undefined ? 'nothing is there' : `it is ${tags[0]} now`;
}

function show(tags: readonly string[]): string {
  return tags.join(', ').slice(0, 100);
}
