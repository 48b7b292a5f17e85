// TLS as an operator declares it: of a cluster to its servers, of a listener to its clients. Certificates and CAs are
// secrets, named here; why so and not otherwise is in docs/adr/0031.

import { z } from 'zod';

import { isHostName } from '../net/address.ts';
import { parseIpAddress } from '../net/ip-address.ts';
import { secretRefSchema } from './auth.ts';
import { isDistinct } from './values.ts';

const maxHostNameBytes = 253;
const maxUriBytes = 2_048;
const maxSans = 32;

const hostName = z
  .string()
  .refine(isServerName, 'must be a host name, such as redis.internal')
  .meta({ maxLength: maxHostNameBytes, example: 'redis.internal' });

const san = z
  .string()
  .refine(
    (text) => parseIpAddress(text) !== undefined || isServerName(text) || isUri(text),
    'must be a host name, an IP address or a URI, as the certificate has it',
  )
  .meta({ example: '10.0.0.1' });

const sans = z
  .union([
    z.literal('any'),
    z
      .array(san)
      .min(1)
      .max(maxSans)
      .refine((list) => isDistinct(list.map(canonicalSan)), 'must name each once'),
  ])
  .meta({
    description:
      "Whom the servers' certificates must be for: one of these. Left out: for `sni`. `any`: every certificate of the CA.",
  });

export const upstreamTlsSchema = z
  .strictObject({
    ca: secretRefSchema.optional().describe("Whose certificates are taken: every server's is checked."),
    insecure: z
      .literal(true)
      .optional()
      .meta({ description: 'Whoever answers is taken for the server, unchecked. In place of `ca`.' }),
    sni: hostName.optional().describe('The name that the servers are asked for.'),
    sans: sans.optional(),
    certificate: secretRefSchema.optional().describe('What is shown to servers that ask for one, as Redis does.'),
  })
  .superRefine(({ ca, insecure, sni, sans: names }, context) => {
    const refuse = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
    if (insecure === true) {
      if (ca !== undefined) refuse('ca', 'must be left out where insecure is true: nothing is checked');
      if (names !== undefined) refuse('sans', 'must be left out where insecure is true: nothing is checked');
      return;
    }
    if (ca === undefined) refuse('ca', 'is required: without it anybody is taken for the server; insecure: true allows that');
    if (sni === undefined && names === undefined) {
      refuse('sans', 'is required where sni is left out: whom the certificate must be for, or any');
    }
  })
  .meta({ id: 'UpstreamTls', description: 'TLS to the servers.' });

export const downstreamTlsSchema = z
  .strictObject({
    certificate: secretRefSchema.describe('What is shown to clients.'),
    client_ca: secretRefSchema.optional().describe("Whose certificates clients may show."),
    require_client_certificate: z
      .boolean()
      .optional()
      .meta({ description: 'Whether a client must show one. Left out: it must where there is a client_ca.' }),
  })
  .refine((tls) => tls.client_ca !== undefined || tls.require_client_certificate !== true, {
    path: ['client_ca'],
    message: 'is required where require_client_certificate is true: without it every certificate would do',
  })
  .meta({ id: 'DownstreamTls', description: 'TLS to the clients.' });

/** What kind of name in a certificate it is. */
export function sanTypeOf(text: string): 'dns' | 'ip' | 'uri' {
  if (parseIpAddress(text) !== undefined) return 'ip';
  return isServerName(text) ? 'dns' : 'uri';
}

/** One spelling of each. */
export function canonicalSan(text: string): string {
  return parseIpAddress(text) ?? (isServerName(text) ? text.toLowerCase() : text);
}

function isServerName(text: string): boolean {
  return isHostName(text) && !text.endsWith('.') && Buffer.byteLength(text) <= maxHostNameBytes;
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[\u0021-\u007e]+$/u.test(text) && Buffer.byteLength(text) <= maxUriBytes;
}
