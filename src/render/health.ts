// How Envoy finds out which servers answer, and what it makes of it (docs/adr/0026).

import {
  healthCheckOf,
  isHealthKnown,
  outlierDetectionOf,
  panicThresholdOf,
} from '../model/health-defaults.ts';
import type { FullHealthCheck, FullOutlierDetection } from '../model/health-defaults.ts';
import type { Cluster } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { encodeMessage } from '../proto/protos.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';

const redisChecker: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.config.health_checker.redis.v2.Redis',
  v3: 'envoy.extensions.health_checkers.redis.v3.Redis',
};

// By its own default Envoy takes a priority of which 72 of 100 are healthy for whole, and knows no panic there.
const wholeFromPercent = 72;

/** The part of a Cluster message that says it; empty when nothing is known of the health of its servers. */
export function buildHealth(cluster: Cluster, apiVersion: ApiVersion): PlainMessage {
  if (!isHealthKnown(cluster)) return {};
  const [check, detection] = [healthCheckOf(cluster), outlierDetectionOf(cluster)];
  return {
    ...(check && { health_checks: [buildHealthCheck(check, apiVersion)] }),
    ...(detection && { outlier_detection: buildOutlierDetection(detection, apiVersion) }),
    common_lb_config: {
      healthy_panic_threshold: { value: panicThresholdOf(cluster) },
      // By default what is found out within a second of another change is of no effect before it is over.
      update_merge_window: {},
    },
  };
}

/**
 * The policy of a load assignment in which the panic threshold of the cluster means what it says; undefined: Envoy's
 * own. With a threshold of 100 one server that fails changes nothing for the keys of the others.
 */
export function buildPlacementPolicy(cluster: Cluster): PlainMessage | undefined {
  const threshold = panicThresholdOf(cluster) ?? 0;
  return threshold < wholeFromPercent ? undefined : { overprovisioning_factor: { value: 100 } };
}

/** What of these clusters Envoys that speak v2 are not told, one line each. */
export function findHealthUnsupportedInV2(clusters: Iterable<Cluster>): string[] {
  return Array.from(clusters).flatMap(({ name, outlier_detection: detection }) => {
    if (detection?.max_ejection_time === undefined) return [];
    const what = `cluster ${JSON.stringify(name)}: outlier_detection.max_ejection_time ${detection.max_ejection_time}`;
    return [`${what}: v2 has no such field, times grow without bound there`];
  });
}

function buildHealthCheck(check: FullHealthCheck, apiVersion: ApiVersion): PlainMessage {
  const interval = buildDuration(check.interval);
  return {
    timeout: buildDuration(check.timeout),
    interval,
    ...(check.jitter !== undefined && { interval_jitter: buildDuration(check.jitter) }),
    unhealthy_threshold: { value: check.unhealthy_threshold },
    healthy_threshold: { value: check.healthy_threshold },
    // By default a minute, and the first command after a server has died would find out.
    no_traffic_interval: interval,
    ...buildChecker(check, apiVersion),
  };
}

function buildChecker(check: FullHealthCheck, apiVersion: ApiVersion): PlainMessage {
  switch (check.protocol) {
    case 'tcp':
      return { tcp_health_check: {} };
    case 'http': {
      const { path, host } = check;
      return { http_health_check: { path, ...(host !== undefined && { host }) } };
    }
    default: {
      const message = redisChecker[apiVersion];
      const value = encodeMessage(message, check.key === undefined ? {} : { key: check.key });
      const typedConfig = { type_url: typeUrlOf(message), value };
      return { custom_health_check: { name: 'envoy.health_checkers.redis', typed_config: typedConfig } };
    }
  }
}

function buildOutlierDetection(detection: FullOutlierDetection, apiVersion: ApiVersion): PlainMessage {
  const { max_ejection_time: longest } = detection;
  return {
    consecutive_5xx: { value: detection.consecutive_failures },
    interval: buildDuration(detection.interval),
    base_ejection_time: buildDuration(detection.base_ejection_time),
    max_ejection_percent: { value: detection.max_ejection_percent },
    // What Envoy does besides by default: eject who fails oftener than the others.
    enforcing_success_rate: { value: 0 },
    ...(apiVersion === 'v3' && longest !== undefined && { max_ejection_time: buildDuration(longest) }),
  };
}
