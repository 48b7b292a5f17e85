// Why a control plane could not be asked, and by which flag it can be.

import type { ApiAddress } from './api-address.ts';

const unknownSigners: readonly string[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

const noTls: readonly string[] = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO'];

/** As Node has it where the certificate is not for the host that was asked. */
type NameError = Error & { readonly cert?: { readonly subjectaltname?: string } };

/** One line for what ended a call before its answer. */
export function explainUnreachable(error: NodeJS.ErrnoException, { tls, host }: ApiAddress): string {
  const { code = '', message } = error;
  if (tls === undefined) {
    const hint = code === 'ECONNRESET' ? ' (does it have TLS? Then https:// goes before its address)' : '';
    // The error of a host with several addresses has no message of its own.
    return `${message || code}${hint}`;
  }
  if (unknownSigners.includes(code)) {
    const known = tls.ca === undefined ? 'this system knows' : '--api-ca holds';
    return `its certificate is signed by none that ${known}: name the file of its CA by --api-ca (${code})`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { subjectaltname: names = 'nothing' } = (error as NameError).cert ?? {};
    return `its certificate is for ${names}, not for ${host}`;
  }
  if (noTls.includes(code)) return 'it does not speak TLS there: leave out https:// and --api-ca';
  return message || code;
}
