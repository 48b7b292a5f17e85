// A folder with what TLS needs on both sides: a CA, a server's certificate for this machine, a client's.

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeAuthority } from './certificates.ts';
import type { Certificate } from './certificates.ts';
import type { Scope } from './child-process.ts';
import { tempDir } from './temp-dir.ts';

const hosts = ['localhost', 'control-plane', '127.0.0.1'];

export class TlsFolder {
  readonly authority = makeAuthority();
  readonly server = this.newServer('server 1');
  readonly client = this.authority.issue('client');
  /** The CA of both. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly #folder: string;

  constructor(folder: string) {
    const path = (name: string): string => join(folder, name);
    this.#folder = folder;
    [this.ca, this.cert, this.key] = [path('ca.pem'), path('tls.crt'), path('tls.key')];
    [this.clientCert, this.clientKey] = [path('client.crt'), path('client.key')];
  }

  /** A certificate that is as good as the one before. */
  newServer(name: string, daysLeft = 365): Certificate {
    return this.authority.issue(name, { hosts, daysLeft });
  }

  /** The flags of a control plane that serves with it; with `clientCa` xDS wants a client's certificate. */
  flags({ clientCa = true } = {}): string[] {
    return ['--tls-cert', this.cert, '--tls-key', this.key, ...(clientCa ? ['--tls-client-ca', this.ca] : [])];
  }

  async writeAll(): Promise<void> {
    await this.write(this.ca, this.authority.chain);
    await this.writeServer(this.server);
    await this.write(this.clientCert, this.client.chain);
    await this.write(this.clientKey, this.client.key);
  }

  async writeServer({ chain, key }: Certificate): Promise<void> {
    await this.write(this.cert, chain);
    await this.write(this.key, key);
  }

  /** As programs do it that write with care: there is no moment with half a file. */
  async write(path: string, text: string): Promise<void> {
    const draft = join(this.#folder, 'draft');
    await writeFile(draft, text);
    await rename(draft, path);
  }
}

/** Removed with all that is in it when `scope` ends. */
export async function makeTlsFolder(scope: Scope): Promise<TlsFolder> {
  const folder = new TlsFolder(await tempDir(scope));
  await folder.writeAll();
  return folder;
}
