// POST /api/v2/rollback: publishes the content of an old revision as a new one.

import type { Desk } from '../../commit/desk.ts';
import { readAuthor } from './author.ts';
import { buildCommitMessage } from './commit.ts';
import { readOptions } from './json-body.ts';
import type { RollbackMessage } from './messages.ts';
import { readConditions, requireStaging } from './precondition.ts';
import type { Publish } from './publish.ts';
import { rollbackRequestSchema } from './schemas/commit.ts';

/** Gives a {@link RollbackMessage}. */
export function createRollback(desk: Desk): Publish {
  return async (request) => {
    const author = readAuthor(request);
    const options = await readOptions(request, rollbackRequestSchema);
    const { message, force, expected_revision: expectedRevision, revision } = options;
    const require = requireStaging(readConditions(request));
    const outcome = await desk.rollback({ author, message, force, expectedRevision, revision, require });
    const answer: RollbackMessage = {
      ...buildCommitMessage(desk, outcome),
      rollback_to: outcome.rollbackTo,
      still_staged: outcome.stillStaged.map(({ kind, name }) => ({ kind, name })),
    };
    return answer;
  };
}
