// Secrets sealed and opened with the data key. Sealing is a function of the key and of what is sealed, so that a value
// that is given again is the same object again, and nothing has changed. Keeps nothing, reads nothing.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

import { canonicalSecret } from '../model/canonical.ts';
import type { DeclaredSecret, Secret, SecretValue } from '../model/objects.ts';
import { describeCas, describeChain } from '../model/pem.ts';

export const keyBytes = 32;

const nonceBytes = 12;
const tagBytes = 16;
const fingerprintDigits = 16;

// Its length tells nothing of a password.
const blockBytes = 256;

/** The sealed value can't be opened: it was sealed with another key, or is damaged. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
}

export class Vault {
  readonly #key: Buffer;
  readonly #nonceKey: Buffer;
  readonly #fingerprintKey: Buffer;

  /** @param dataKey of {@link keyBytes} bytes. */
  constructor(dataKey: Buffer) {
    this.#key = derive(dataKey, 'seal');
    this.#nonceKey = derive(dataKey, 'nonce');
    this.#fingerprintKey = derive(dataKey, 'fingerprint');
  }

  /** All of a secret but its value, which is sealed: AES-256-GCM, bound to its name and kind. */
  seal(secret: DeclaredSecret): Secret {
    const { name, kind, labels } = secret;
    const text = JSON.stringify(valueOf(secret));
    const bound = bindingOf(secret);
    // A nonce comes again for what is sealed again only: two texts with one would take 2^48 of them.
    const nonce = hmac(this.#nonceKey, `${bound}\n${text}`).subarray(0, nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(bound));
    const sealed = Buffer.concat([nonce, cipher.update(pad(text)), cipher.final(), cipher.getAuthTag()]);
    const fingerprint = hmac(this.#fingerprintKey, text).toString('hex').slice(0, fingerprintDigits);
    return canonicalSecret({ name, kind, labels, fingerprint, ...factsOf(secret), sealed: sealed.toString('base64') });
  }

  /** @throws VaultError */
  open(secret: Secret): SecretValue {
    try {
      const bytes = Buffer.from(secret.sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes));
      decipher.setAAD(Buffer.from(bindingOf(secret))).setAuthTag(bytes.subarray(-tagBytes));
      const padded = [decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()];
      return JSON.parse(Buffer.concat(padded).toString()) as SecretValue;
    } catch {
      const what = `secret ${JSON.stringify(secret.name)}`;
      throw new VaultError(`${what} can't be opened: it was sealed with another key, or is damaged`);
    }
  }
}

function valueOf(secret: DeclaredSecret): SecretValue {
  const { kind } = secret;
  if (kind !== 'certificate') return { kind, value: secret.value };
  return { kind, chain: secret.chain, key: secret.key };
}

function factsOf(secret: DeclaredSecret): Pick<Secret, 'subject' | 'sans' | 'not_after'> {
  switch (secret.kind) {
    case 'password':
      return {};
    case 'certificate':
      return describeChain(secret.chain);
    case 'ca':
      return describeCas(secret.value);
  }
}

function bindingOf({ name, kind }: Pick<Secret, 'name' | 'kind'>): string {
  return JSON.stringify([kind, name]);
}

// JSON may end in spaces.
function pad(text: string): Buffer {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, ' ');
  bytes.copy(padded);
  return padded;
}

function derive(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `controlplane ${purpose}`, keyBytes));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
