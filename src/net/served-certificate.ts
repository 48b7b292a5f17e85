// The certificate that this process serves with: read at the start, and again when its files change. Files that don't
// fit, as in the middle of a rotation, change nothing: the last good ones stay. Why: docs/adr/0028-tls-on-our-ports.md.

import type { Logger } from 'pino';

import { TlsFileError, areSameFiles, checkTlsFiles, readTlsFiles } from './tls-files.ts';
import type { Expiry, TlsFiles, TlsPaths } from './tls-files.ts';

type Look = TlsFiles | TlsFileError;

const dayMs = 24 * 3_600_000;
const warnedDays = 30;

export class ServedCertificate {
  readonly #paths: TlsPaths;
  readonly #log: Logger;
  readonly #lookMs: number;
  readonly #listeners: (() => void)[] = [];
  #files: TlsFiles;
  #expiries: readonly Expiry[];
  // What the files held when they were last looked at, and what was last taken or refused.
  #seen: Look;
  #judged: Look;

  /**
   * Reads the files, and from then on again and again. Holds no process up.
   * @param lookMs between two looks; what has changed is taken when the second one sees the same.
   * @throws TlsFileError
   */
  static async read(paths: TlsPaths, log: Logger, lookMs = 1_000): Promise<ServedCertificate> {
    const files = await readTlsFiles(paths);
    return new ServedCertificate(paths, files, checkTlsFiles(paths, files), log, lookMs);
  }

  private constructor(paths: TlsPaths, files: TlsFiles, expiries: readonly Expiry[], log: Logger, lookMs: number) {
    this.#paths = paths;
    this.#log = log;
    this.#lookMs = lookMs;
    this.#files = files;
    this.#expiries = expiries;
    this.#seen = files;
    this.#judged = files;
    this.#warnOfExpiry();
    setInterval(() => this.#warnOfExpiry(), dayMs).unref();
    this.#lookLater();
  }

  /** What is in use. */
  get files(): TlsFiles {
    return this.#files;
  }

  /** Until when the certificate in use is, since 1970. */
  get notAfterMs(): number {
    return this.#expiries[0]?.notAfterMs ?? 0;
  }

  /** Of what is in use: the certificate, and the CA of clients where there is one. */
  get expiries(): readonly Expiry[] {
    return this.#expiries;
  }

  /** @param listener told that {@link files} are others. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  // By what is in them: folders are swapped by a link, files renamed or written in place, on disks that tell nobody.
  #lookLater(): void {
    setTimeout(() => void this.#look().finally(() => this.#lookLater()), this.#lookMs).unref();
  }

  async #look(): Promise<void> {
    const look = await readTlsFiles(this.#paths).catch((error: TlsFileError) => error);
    // Half of a file, or one of two, may be there: it is looked at again.
    const isSettled = isSame(look, this.#seen);
    this.#seen = look;
    if (!isSettled || isSame(look, this.#judged)) return;
    this.#judged = look;
    try {
      this.#take(look);
    } catch (error) {
      const { path: file = this.#paths.cert, message: reason } = error as Partial<TlsFileError>;
      this.#log.warn({ file, reason }, 'TLS files have changed and can not be used: the ones before stay');
    }
  }

  #take(look: Look): void {
    if (look instanceof TlsFileError) throw look;
    const expiries = checkTlsFiles(this.#paths, look);
    const expired = expiries.find(({ notAfterMs }) => notAfterMs < Date.now());
    if (expired !== undefined) throw new TlsFileError(expired.path, `has expired at ${timeOf(expired)}`);
    this.#files = look;
    this.#expiries = expiries;
    for (const listener of this.#listeners) listener();
    this.#log.info({ not_after: timeOf({ notAfterMs: this.notAfterMs }) }, 'TLS files have changed and are in use');
    this.#warnOfExpiry();
  }

  #warnOfExpiry(): void {
    for (const expiry of this.#expiries) {
      const days = Math.floor((expiry.notAfterMs - Date.now()) / dayMs);
      const about = { file: expiry.path, not_after: timeOf(expiry) };
      if (days < 0) this.#log.error(about, 'TLS certificate has expired');
      else if (days < warnedDays) this.#log.warn({ ...about, days_left: days }, 'TLS certificate expires soon');
    }
  }
}

function isSame(some: Look, other: Look): boolean {
  if (some instanceof TlsFileError || other instanceof TlsFileError) {
    return some instanceof TlsFileError && other instanceof TlsFileError && some.message === other.message;
  }
  return areSameFiles(some, other);
}

function timeOf({ notAfterMs }: Pick<Expiry, 'notAfterMs'>): string {
  return new Date(notAfterMs).toISOString();
}
