// POST /api/v2/commit: publishes what is staged as a new revision.

import type { CommitOutcome, Desk } from '../../commit/desk.ts';
import { readAuthor } from './author.ts';
import { buildChangedObject } from './diff.ts';
import { readOptions } from './json-body.ts';
import type { CommitMessage } from './messages.ts';
import { readConditions, requireStaging } from './precondition.ts';
import type { Publish } from './publish.ts';
import { buildPublishedMessage } from './published-message.ts';
import { commitRequestSchema } from './schemas/commit.ts';

/** Gives a {@link CommitMessage}. */
export function createCommit(desk: Desk): Publish {
  return async (request) => {
    const author = readAuthor(request);
    const options = await readOptions(request, commitRequestSchema);
    const { message, force, expected_revision: expectedRevision, plan } = options;
    const require = requireStaging(readConditions(request));
    return buildCommitMessage(desk, await desk.commit({ author, message, force, expectedRevision, plan, require }));
  };
}

export function buildCommitMessage(desk: Desk, { changed, revision, changes, warnings }: CommitOutcome): CommitMessage {
  const status = desk.status();
  const published = buildPublishedMessage({ ...status, warnings: [...warnings, ...status.warnings] });
  return { changed, revision, changes: changes.map(buildChangedObject), ...published };
}
