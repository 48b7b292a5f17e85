// The data key, wrapped by the key of the key file: AES-256-GCM, as text. Only who has that key can take it out.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;
const purpose = Buffer.from('controlplane data key');

export function wrapKey(dataKey: Buffer, fileKey: Buffer): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', fileKey, nonce).setAAD(purpose);
  return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Undefined: it was wrapped by another key, or is damaged. */
export function unwrapKey(wrapped: string, fileKey: Buffer): Buffer | undefined {
  try {
    const bytes = Buffer.from(wrapped, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', fileKey, bytes.subarray(0, nonceBytes));
    decipher.setAAD(purpose).setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
