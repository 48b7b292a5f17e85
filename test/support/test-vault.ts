// Secrets sealed with a key that everybody knows, and certificates to be kept in them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Secret, SecretValue } from '../../src/model/objects.ts';
import { parseSecret } from '../../src/model/parse.ts';
import { Vault } from '../../src/secrets/vault.ts';

export const testVault = new Vault(Buffer.alloc(32, 7));

export function openSecret(secret: Secret): SecretValue {
  return testVault.open(secret);
}

/** As a PUT would stage it. */
export function sealed(secret: object): Secret {
  return testVault.seal(parseSecret(secret));
}

export interface Pair {
  /** PEM: the own certificate, then its issuer's if it has one. */
  readonly chain: string;
  readonly key: string;
}

interface PairOptions {
  readonly name: string;
  /** Default: 100 days. */
  readonly days?: number;
  readonly issuer?: Pair;
  /** As openssl's -newkey and -pkeyopt have it. Default: ECDSA over P-256. */
  readonly keyOptions?: readonly string[];
}

const usualKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/** A certificate, for itself or by an issuer, made by openssl. */
export function makePair({ name, days = 100, issuer, keyOptions = usualKey }: PairOptions): Pair {
  const directory = mkdtempSync(join(tmpdir(), 'pair-'));
  const path = (file: string): string => join(directory, file);
  try {
    const by: string[] = [];
    if (issuer !== undefined) {
      writeFileSync(path('ca.crt'), issuer.chain);
      writeFileSync(path('ca.key'), issuer.key);
      by.push('-CA', path('ca.crt'), '-CAkey', path('ca.key'));
    }
    const request = ['req', '-x509', ...keyOptions, '-nodes', '-days', `${days}`, '-subj', `/CN=${name}`];
    const sans = ['-addext', `subjectAltName=DNS:${name}`];
    const files = ['-keyout', path('own.key'), '-out', path('own.crt')];
    execFileSync('openssl', [...request, ...sans, ...by, ...files], { stdio: ['ignore', 'ignore', 'ignore'] });
    const own = readFileSync(path('own.crt'), 'utf8');
    return { chain: own + (issuer?.chain ?? ''), key: readFileSync(path('own.key'), 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
