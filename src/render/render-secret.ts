// A certificate or a CA as the secret that Envoy is given for it. The same message in v2 and v3.

import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { messageNames } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { Resource } from '../snapshot/resource.ts';

/** A secret with its value, in PEM. One object for as long as it stays the same. */
export type TlsSecret =
  | { readonly name: string; readonly kind: 'certificate'; readonly chain: string; readonly key: string }
  | { readonly name: string; readonly kind: 'ca'; readonly value: string };

/** `after` is undefined when the secret goes. */
export interface TlsSecretEdit {
  readonly name: string;
  readonly after: TlsSecret | undefined;
}

const made = new WeakMap<TlsSecret, Map<ApiVersion, Resource>>();

/** Made once, for whatever node groups are given it. */
export function renderSecret(secret: TlsSecret, { apiVersion }: Dialect): Resource {
  let byVersion = made.get(secret);
  if (byVersion === undefined) made.set(secret, (byVersion = new Map()));
  let resource = byVersion.get(apiVersion);
  if (resource === undefined) {
    resource = new Resource(secret.name, encodeMessage(messageNames[apiVersion].secret, buildSecret(secret)));
    byVersion.set(apiVersion, resource);
  }
  return resource;
}

/** The Secret message. */
export function buildSecret(secret: TlsSecret): PlainMessage {
  const { name } = secret;
  if (secret.kind === 'ca') return { name, validation_context: { trusted_ca: { inline_string: secret.value } } };
  const { chain, key } = secret;
  return { name, tls_certificate: { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } } };
}
