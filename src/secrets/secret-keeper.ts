// Seals and opens the secrets of one data directory. Its data key is made with the first secret, and kept in the store,
// wrapped by the key of the key file; without a data directory it is in memory alone.

import { randomBytes } from 'node:crypto';

import type { DeclaredSecret, Secret, SecretValue } from '../model/objects.ts';
import { BackupError } from '../store/log-store.ts';
import type { LogState, LogStore } from '../store/log-store.ts';
import { KeyFile, NoSecretKeyError, SecretKeyError } from './key-file.ts';
import { Vault, VaultError, keyBytes } from './vault.ts';
import { unwrapKey, wrapKey } from './wrapping.ts';

export interface SecretKeeperParts {
  readonly store: Pick<LogStore, 'keepSecretKey'>;
  /** Undefined: nothing outlives the process. */
  readonly keyFile: string | undefined;
}

/** What was sealed for a data key, and opens with it. */
interface Opened {
  readonly dataKey: Buffer;
  readonly vault: Vault;
}

export class SecretKeeper {
  readonly #store: SecretKeeperParts['store'];
  readonly #file: KeyFile | undefined;
  #opened: Opened | undefined;
  // Keys are made and changed one after the other.
  #last: Promise<unknown> = Promise.resolve();

  private constructor({ store, keyFile }: SecretKeeperParts) {
    this.#store = store;
    this.#file = keyFile === undefined ? undefined : new KeyFile(keyFile);
  }

  /**
   * Takes up the key of what is stored, and tries it on all secrets there are.
   * @throws SecretKeyError when there is one that the key file does not open; nothing was changed then
   */
  static open(parts: SecretKeeperParts, { secretKey, committed, staged }: LogState): SecretKeeper {
    const keeper = new SecretKeeper(parts);
    if (secretKey !== undefined) keeper.#opened = openedOf(keeper.#unwrapAtStart(secretKey));
    const isSecret = (object: object | undefined): object is Secret => object !== undefined && 'sealed' in object;
    for (const secret of [...committed.secrets, ...staged.map(({ after }) => after).filter(isSecret)]) {
      keeper.#try(secret);
    }
    return keeper;
  }

  /** @throws SecretKeyError, StoreError: when there is no data key yet, and none can be made */
  async seal(secret: DeclaredSecret): Promise<Secret> {
    return (await this.#vault()).seal(secret);
  }

  /** @throws VaultError */
  readonly open = (secret: Secret): SecretValue => {
    if (this.#opened === undefined) throw new VaultError(`secret ${JSON.stringify(secret.name)}: there is no key`);
    return this.#opened.vault.open(secret);
  };

  /**
   * Wraps the data key by a new key, which takes the place of the old one in the key file. What is sealed stays as it
   * is. Wherever it ends, one of the two keys that are on disk opens all: the next start finds out which.
   * @throws NoSecretKeyError, SecretKeyError, StoreError
   */
  rotateKey(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file === undefined) throw new NoSecretKeyError('nothing is kept on disk: there is no key to be changed');
      if (this.#opened === undefined) throw new NoSecretKeyError('there is no key yet: it is made with the first secret');
      const next = this.#file.readOrMakeNext();
      await this.#store.keepSecretKey(wrapKey(this.#opened.dataKey, next));
      this.#file.promoteNext();
    });
  }

  /**
   * What a backup holds, sealed for this data directory.
   * @throws BackupError when the key file does not open it; SecretKeyError, StoreError
   */
  async adopt(state: LogState): Promise<LogState> {
    if (state.secretKey === undefined) return state;
    const key = this.#file?.read();
    const dataKey = key && unwrapKey(state.secretKey, key);
    if (dataKey === undefined) {
      const file = this.#file === undefined ? 'there is no key file' : `${this.#file.path} does not open them`;
      throw new BackupError(`the backup has secrets, and ${file}: start with the --secret-key-file that it was made with`);
    }
    if (this.#opened !== undefined && dataKey.equals(this.#opened.dataKey)) return state;
    const from = new Vault(dataKey);
    const to = await this.#vault();
    const reseal = <T extends object | undefined>(object: T): T => {
      return object !== undefined && 'sealed' in object ? (resealed(object as unknown as Secret, from, to) as T & Secret) : object;
    };
    return {
      ...state,
      committed: { ...state.committed, secrets: state.committed.secrets.map(reseal) },
      staged: state.staged.map((each) => ({ ...each, after: reseal(each.after) })),
    };
  }

  #vault(): Promise<Vault> {
    return this.#inTurn(async () => {
      if (this.#opened !== undefined) return this.#opened.vault;
      const dataKey = randomBytes(keyBytes);
      if (this.#file !== undefined) await this.#store.keepSecretKey(wrapKey(dataKey, this.#file.readOrMake()));
      this.#opened = openedOf(dataKey);
      return this.#opened.vault;
    });
  }

  // A change of the key may have ended at any moment: before it was stored, or before it had its place.
  #unwrapAtStart(wrapped: string): Buffer {
    const file = this.#file;
    if (file === undefined) throw new SecretKeyError('there are secrets, and no --secret-key-file');
    const key = file.read();
    const dataKey = key && unwrapKey(wrapped, key);
    if (dataKey !== undefined) return dataKey;
    const next = file.readNext();
    const byNext = next && unwrapKey(wrapped, next);
    if (byNext !== undefined) {
      file.promoteNext();
      return byNext;
    }
    const what = key === undefined ? 'is not there' : 'is not the key that they were kept with';
    throw new SecretKeyError(
      `there are secrets, and the secret key file ${file.path} ${what}: put it back, or restore both from a backup; ` +
        'nothing was changed',
    );
  }

  #try(secret: Secret): void {
    try {
      this.open(secret);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      throw new SecretKeyError(`${error.message}; nothing was changed`, { cause: error });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function openedOf(dataKey: Buffer): Opened {
  return { dataKey, vault: new Vault(dataKey) };
}

function resealed(secret: Secret, from: Vault, to: Vault): Secret {
  try {
    return to.seal({ name: secret.name, labels: secret.labels, ...from.open(secret) } as DeclaredSecret);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw new BackupError(`the backup's ${error.message}`, { cause: error });
  }
}
