// GET /api/v2/backup: a copy of all there is, as one file.

import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { RequestHandler, Response } from 'express';
import type { Desk } from '../../commit/desk.ts';
import { CallLimit } from '../call-limit.ts';
import { ProblemError } from './problem.ts';
import { readQuery } from './query.ts';
import { sendPieces } from './send.ts';
import { withTempDirectory } from './temp-directory.ts';

/** Of a SQLite file. */
export const backupType = 'application/vnd.sqlite3';

// Each of them keeps a copy on disk for as long as it is read.
const maxBackups = 4;

/** Answers the file, see {@link Desk.backup}; while that is read, everything goes on. */
export function createBackupHandler(desk: Desk): RequestHandler {
  const limit = new CallLimit(maxBackups);
  return async (request, response) => {
    readQuery(request, []);
    if (limit.isReached) throw new ProblemError(503, `${maxBackups} backups are on their way: ask again later`);
    await limit.count(send(desk, response));
  };
}

async function send(desk: Desk, response: Response): Promise<void> {
  const { revision } = desk.declarations;
  const file = await makeBackup(desk);
  try {
    const { size } = await file.stat();
    const name = `controlplane-revision-${revision}.db`;
    response.type(backupType);
    response.set({ 'Content-Length': `${size}`, 'Content-Disposition': `attachment; filename="${name}"` });
    await sendPieces(response, file.createReadStream({ autoClose: false }));
  } finally {
    await file.close();
  }
}

// Open, and no longer in any directory: gone with this process, too, however it ends.
function makeBackup(desk: Desk): Promise<FileHandle> {
  return withTempDirectory(async (directory) => {
    const path = join(directory, 'backup.db');
    await desk.backup(path);
    return open(path);
  });
}
