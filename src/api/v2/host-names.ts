// GET /api/v2/host-names: what the names of servers lead to, of those that the control plane looks up.

import type { RequestHandler } from 'express';

import type { Desk } from '../../commit/desk.ts';
import type { PublishedName } from '../../commit/published.ts';
import type { HostNameMessage, HostNamesMessage } from './messages.ts';
import { readQuery } from './query.ts';
import { sendJson } from './send.ts';

/** Answers a {@link HostNamesMessage}. */
export function createHostNamesHandler(desk: Desk): RequestHandler {
  return (request, response) => {
    readQuery(request, []);
    const message: HostNamesMessage = { host_names: desk.hostNames().map(buildMessage) };
    sendJson(response, message);
  };
}

function buildMessage({ name, addresses, clusters, foundAtMs, failure }: PublishedName): HostNameMessage {
  return {
    name,
    addresses,
    clusters,
    ...(foundAtMs !== undefined && { found_at: toIso(foundAtMs) }),
    ...(failure !== undefined && { failure: failure.reason, failing_since: toIso(failure.sinceMs) }),
  };
}

function toIso(wallClockMs: number): string {
  return new Date(wallClockMs).toISOString();
}
