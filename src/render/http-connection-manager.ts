// Envoy's http_connection_manager: HTTP by the routes that it asks for, see route.ts.

import type { HttpListener } from '../model/objects.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { buildConfigSource } from './config-source.ts';
import { buildDuration } from './duration.ts';
import type { NetworkFilter } from './listener.ts';

export const httpConnectionManagerFilter: Readonly<Record<ApiVersion, NetworkFilter>> = {
  v2: {
    name: 'envoy.http_connection_manager',
    message: 'envoy.config.filter.network.http_connection_manager.v2.HttpConnectionManager',
  },
  v3: {
    name: 'envoy.filters.network.http_connection_manager',
    message: 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  },
};

const routerFilter: Readonly<Record<ApiVersion, NetworkFilter>> = {
  v2: { name: 'envoy.router', message: 'envoy.config.filter.http.router.v2.Router' },
  v3: { name: 'envoy.filters.http.router', message: 'envoy.extensions.filters.http.router.v3.Router' },
};

/** The HttpConnectionManager message. Its routes are the route configuration of the listener's name. */
export function buildHttpConnectionManager(
  listener: HttpListener,
  dialect: Dialect,
  xdsClusterName: string,
): PlainMessage {
  const { name, idle_timeout: idleTimeout, max_connection_duration: maxDuration } = listener;
  const router = routerFilter[dialect.apiVersion];
  const typedConfig = { type_url: typeUrlOf(router.message), value: encodeMessage(router.message, {}) };
  return {
    stat_prefix: name,
    rds: { route_config_name: name, config_source: buildConfigSource(dialect, xdsClusterName) },
    http_filters: [{ name: router.name, typed_config: typedConfig }],
    ...((idleTimeout !== undefined || maxDuration !== undefined) && {
      common_http_protocol_options: {
        ...(idleTimeout !== undefined && { idle_timeout: buildDuration(idleTimeout) }),
        ...(maxDuration !== undefined && { max_connection_duration: buildDuration(maxDuration) }),
      },
    }),
  };
}
