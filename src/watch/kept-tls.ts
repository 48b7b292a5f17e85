// What was made of the secrets for TLS, so that it is made once for all servers of a cluster, until they are others.

import { createHash } from 'node:crypto';

import type { UpstreamTls } from '../model/objects.ts';
import type { FindSecret } from './find-secret.ts';
import { buildServerTls } from './upstream-tls.ts';
import type { ServerTls } from './upstream-tls.ts';

export class KeptTls {
  #digest = '';
  #made: ServerTls | undefined;

  /**
   * As {@link buildServerTls}.
   * @param refs the secrets that it names.
   * @param findSecret finds them all.
   */
  get(
    field: string,
    tls: UpstreamTls | undefined,
    refs: readonly { readonly secret: string }[],
    findSecret: FindSecret,
  ): ServerTls | undefined {
    const secrets = refs.map(({ secret }) => findSecret(secret));
    const digest = createHash('sha256').update(JSON.stringify([field, tls, secrets])).digest('hex');
    if (this.#digest !== digest) this.#made = buildServerTls({ upstream_tls: tls }, findSecret, field);
    this.#digest = digest;
    return this.#made;
  }
}
