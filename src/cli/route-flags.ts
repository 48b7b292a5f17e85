// Routes of a listener as flags: each flag beside --route says something of one of them, or of all.

import { UsageError } from '../process/failure.ts';
import type { Patch } from './object-flags.ts';

// Prefixes hold more than names of clusters do.
/** Throws an Error whose message is the rule that `text` breaks. */
export function parseRoute(text: string): unknown {
  if (text === 'auto') return text;
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new Error('must be PREFIX=CLUSTER, or auto');
  return { prefix: text.slice(0, at), cluster: text.slice(at + 1) };
}

/** As {@link parseRoute}. */
export function parseReads(text: string): unknown {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new Error('must be PREFIX=WHERE');
  return { prefix: text.slice(0, at), reads: text.slice(at + 1) };
}

/** A route while it is put together. */
type Route = Record<string, unknown> & { readonly prefix?: string };

/**
 * The patch with whole routes: the flags make lists of what may be a word, and of what belongs to routes.
 * @throws UsageError when a flag speaks of a route that no --route is.
 */
export function withWholeRoutes(patch: Patch): Patch {
  const { remove_prefix, reads, key_formatter, mirrors, mirror_percent, mirror_exclude_reads, hosts, ...others } = patch;
  const { timeout, retry_attempts, retry_on, ...rest } = others;
  const given = listOf(rest['routes']);
  const isAuto = given.length === 1 && given[0] === 'auto';
  const routes: Route[] = isAuto ? [] : given.map((route) => ({ ...(route as Route) }));
  const catchAll: Route | undefined =
    typeof rest['catch_all'] === 'string' ? { cluster: rest['catch_all'] } : undefined;
  const retries = dropUndefined({ attempts: retry_attempts ?? undefined, on: retry_on ?? undefined });
  const mirrorFields = dropUndefined({
    percent: mirror_percent ?? undefined,
    exclude_reads: mirror_exclude_reads ?? undefined,
  });

  requireFor(routes, '--route', { '--timeout': timeout, '--retry-attempts': retry_attempts, '--retry-on': retry_on });
  requireFor(listOf(mirrors), '--mirror', {
    '--mirror-percent': mirror_percent,
    '--mirror-exclude-reads': mirror_exclude_reads,
  });
  for (const prefix of listOf(remove_prefix).map(String)) {
    find(routes, '--remove-prefix', prefix, prefix)['remove_prefix'] = true;
  }
  for (const each of listOf(reads) as readonly Route[]) {
    find(routes, '--reads', each.prefix ?? '', each.prefix)['reads'] = each['reads'];
  }
  for (const [route, text] of pairs('--key-formatter', key_formatter, routes, catchAll)) route['key_formatter'] = text;
  for (const [route, cluster] of pairs('--mirror', mirrors, routes, catchAll)) {
    route['mirrors'] = [...listOf(route['mirrors']), { cluster, ...mirrorFields }];
  }
  for (const [route, host] of pairs('--host', hosts, routes)) route['hosts'] = [...listOf(route['hosts']), host];
  for (const route of routes) {
    if (typeof timeout === 'string') route['timeout'] = timeout;
    if (Object.keys(retries).length > 0) route['retries'] = retries;
  }

  const isPlain = catchAll === undefined || Object.keys(catchAll).length === 1;
  return {
    ...rest,
    ...(isAuto && { routes: 'auto' }),
    ...(routes.length > 0 && { routes }),
    ...(!isPlain && { catch_all: catchAll }),
  };
}

/** What is said of a route, `PREFIX=TEXT` by the longest PREFIX that there is; without PREFIX of the catch-all. */
function pairs(flag: string, given: unknown, routes: readonly Route[], catchAll?: Route): [Route, string][] {
  return listOf(given).map((each) => {
    const text = String(each);
    if (text.startsWith('=') && catchAll !== undefined) return [catchAll, text.slice(1)];
    const prefixes = routes.flatMap(({ prefix }) => prefix ?? []).filter((prefix) => text.startsWith(`${prefix}=`));
    const [prefix] = prefixes.sort((a, b) => b.length - a.length);
    const route = find(routes, flag, text, prefix);
    return [route, text.slice(`${route.prefix}=`.length)];
  });
}

function find(routes: readonly Route[], flag: string, text: string, prefix: string | undefined): Route {
  const route = routes.find((each) => each.prefix === prefix && prefix !== undefined);
  if (route !== undefined) return route;
  const rule = flag === '--remove-prefix' || flag === '--reads' ? 'be' : 'begin with';
  throw new UsageError(`${flag} ${JSON.stringify(text)}: must ${rule} the PREFIX of a --route`);
}

function requireFor(list: readonly unknown[], needed: string, flags: Readonly<Record<string, unknown>>): void {
  const [flag] = Object.entries(flags).find(([, value]) => value !== undefined && value !== null) ?? [];
  if (flag !== undefined && list.length === 0) throw new UsageError(`${flag}: is of each ${needed}, and there is none`);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function dropUndefined(fields: Patch): Patch {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
