// Keeps web pages from calling this API through the browser of somebody who can reach it (docs/adr/0019). What
// browsers say of a page can't be forged by it: https://fetch.spec.whatwg.org, "forbidden request-header".

import { isIP } from 'node:net';

import type { Request, RequestHandler } from 'express';
import { isPollingPath } from './discovery.ts';
import { sendPlainText } from './plain-text.ts';
import { sendProblem } from './v2/problem.ts';

const forbidden = 403;
const maxQuotedLength = 100;
const hostAndPort = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^:]*))(?::\d*)?$/;
const sameSiteValues: readonly (string | undefined)[] = [undefined, 'same-origin', 'none'];

/**
 * Answers 403 to a request that another site's page makes, and to one whose Host is a name that may lead here by
 * somebody else's will (DNS rebinding); the reason is one line with header, value and rule.
 * @param names by which this API may be called, besides IP addresses and `localhost`; a final dot and case are ignored.
 */
export function createPageGuard(names: readonly string[]): RequestHandler {
  const known = new Set(['localhost', ...names.map(normalizeName)]);
  return (request, response, next) => {
    const reason = findReason(request, known);
    if (reason === undefined) next();
    else if (request.path.startsWith('/api/v2/')) sendProblem(response, forbidden, reason);
    else sendPlainText(response, forbidden, reason);
  };
}

function findReason(request: Request, known: ReadonlySet<string>): string | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  // Whether the page came by TLS does not matter: a proxy in front may end it.
  if (origin !== undefined && origin.replace(/^https?:\/\//, '').toLowerCase() !== host.toLowerCase()) {
    return `Origin ${quote(origin)}: a page of another site must not call this API`;
  }
  if (!sameSiteValues.includes(site as string | undefined)) {
    return `Sec-Fetch-Site ${quote(String(site))}: a page of another site must not call this API`;
  }
  const { v6, name = '' } = hostAndPort.exec(host)?.groups ?? {};
  if (isIP(v6 ?? name) !== 0 || known.has(normalizeName(name))) return undefined;
  // Browsers say the origin of every request that may change something. Others may use what only they can:
  const isOfBrowser = origin !== undefined || site !== undefined;
  if (!isOfBrowser && (isPrivateName(host) || isForAnyHost(request.path))) return undefined;
  return `Host ${quote(host)}: must be an IP address, localhost or a name given by --api-host`;
}

// In public DNS nobody has a name without a dot. Without any: HTTP/1.0, which no browser speaks.
function isPrivateName(host: string): boolean {
  return !host.includes('.');
}

// What polls sends the name of a cluster in its own configuration, and what checks health whatever it was given.
function isForAnyHost(path: string): boolean {
  return path === '/healthz' || isPollingPath(path);
}

function normalizeName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function quote(value: string): string {
  return JSON.stringify(value.length <= maxQuotedLength ? value : `${value.slice(0, maxQuotedLength)}…`);
}
