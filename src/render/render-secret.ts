// A certificate or a CA as the secret that Envoy is given for it. The same message in v2 and v3.

import type { Secret, SecretValue } from '../model/objects.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { messageNames } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { Resource } from '../snapshot/resource.ts';
import type { RenderOptions } from './options.ts';

const made = new WeakMap<Secret, Map<ApiVersion, Resource>>();

/** Made once, for whatever node groups are given it; undefined of a password, which is no resource. */
export function renderSecret(
  secret: Secret,
  { apiVersion }: Dialect,
  { openSecret }: Pick<RenderOptions, 'openSecret'>,
): Resource | undefined {
  let byVersion = made.get(secret);
  if (byVersion === undefined) made.set(secret, (byVersion = new Map()));
  const known = byVersion.get(apiVersion);
  if (known !== undefined) return known;
  const value = openSecret?.(secret);
  if (value === undefined || value.kind === 'password') return undefined;
  const message = buildSecret(secret.name, value);
  const resource = new Resource(secret.name, encodeMessage(messageNames[apiVersion].secret, message));
  byVersion.set(apiVersion, resource);
  return resource;
}

function buildSecret(name: string, value: SecretValue): PlainMessage {
  if (value.kind !== 'certificate') return { name, validation_context: { trusted_ca: { inline_string: value.value } } };
  const { chain, key } = value;
  return { name, tls_certificate: { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } } };
}
