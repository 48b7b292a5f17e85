// POST /api/v2/restore: what a backup holds is committed as a new revision, and staged.

import { join } from 'node:path';

import type { Request } from 'express';
import type { Desk, LogState } from '../../commit/desk.ts';
import { BodyError, saveBody } from '../body.ts';
import { CallLimit } from '../call-limit.ts';
import { readAuthor } from './author.ts';
import { backupType } from './backup.ts';
import { buildCommitMessage } from './commit.ts';
import { readMediaType } from './media-type.ts';
import { FaultsError } from '../../model/faults.ts';
import type { RestoreMessage } from './messages.ts';
import { readConditions, requireStaging } from './precondition.ts';
import { ProblemError } from './problem.ts';
import { publishParameters } from './publish.ts';
import type { Publish } from './publish.ts';
import { parseParameter, readQuery } from './query.ts';
import { messageText } from './schemas/commit.ts';
import { explainTempError, withTempDirectory } from './temp-directory.ts';

/** Besides those of {@link publishParameters}. */
export const restoreParameters = ['force', 'message'] as const;

/** What a directory holds as `controlplane.db`. @throws BackupError, StoreError */
export type ReadBackup = (directory: string) => Promise<LogState>;

export const backupTypes = [backupType, 'application/octet-stream'] as const;

const maxBytes = 1_073_741_824;

// Each of them keeps a file on disk.
const maxRestores = 4;

/** Gives a {@link RestoreMessage}. */
export function createRestore(desk: Desk, readBackup: ReadBackup): Publish {
  const limit = new CallLimit(maxRestores);
  return async (request) => {
    if (limit.isReached) throw new ProblemError(503, `${maxRestores} others restore already: ask again later`);
    const author = readAuthor(request);
    const { force, message } = readRestoreQuery(request);
    const require = requireStaging(readConditions(request));
    readMediaType(request, backupTypes);
    const state = await limit.count(receive(request, readBackup));
    const outcome = await desk.restore({ author, message, force, require, state });
    const answer: RestoreMessage = {
      ...buildCommitMessage(desk, outcome),
      restored_revision: outcome.restoredRevision,
      staged: outcome.staged.map(({ kind, name }) => ({ kind, name })),
    };
    return answer;
  };
}

function receive(request: Request, readBackup: ReadBackup): Promise<LogState> {
  return withTempDirectory(async (directory) => {
    await saveBody(request, join(directory, 'controlplane.db'), maxBytes).catch((error: Error) => {
      if (error instanceof BodyError) throw error;
      return explainTempError(error);
    });
    return readBackup(directory);
  });
}

function readRestoreQuery(request: Request): { force: boolean; message: string | undefined } {
  const { force = 'false', message } = readQuery(request, [...publishParameters, ...restoreParameters]);
  return {
    force: parseParameter('force', force, parseFlag),
    message: message === undefined ? undefined : parseMessage(message),
  };
}

function parseFlag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('must be true or false');
  return text === 'true';
}

// By the rules of a body's message, and refused as one.
function parseMessage(text: string): string {
  const { error } = messageText.safeParse(text);
  const rule = error?.issues[0]?.message;
  if (rule !== undefined) throw new FaultsError([{ pointer: '/message', value: text, rule }]);
  return text;
}
