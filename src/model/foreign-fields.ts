// Fields that operators know from Envoy's own files, or from another kind, and that are no fields here: why not, or what
// there is instead.

const why: ReadonlyMap<PropertyKey, string> = new Map([
  ['circuit_breakers', 'Envoy heeds none for Redis'],
  ['read_policy', 'a listener has it, for clusters of kind redis_cluster alone'],
  ['lb_subset_config', 'Envoy picks no subset for Redis'],
  ['overprovisioning_factor', 'it follows from panic_threshold'],
  ['healthy_panic_threshold', 'it is called panic_threshold'],
  ['resolve', 'Envoy itself looks up the seeds of a Redis Cluster'],
  ['common_lb_config', 'of it there is panic_threshold'],
  ['panic_threshold', 'clusters of kind plain and sharded have it, of the others it is 1'],
  ['placement', 'clusters of kind sharded have it'],
  ['ignore_health_on_host_removal', 'it is on wherever a server that was removed could go on being sent commands'],
  ['health_checks', 'it is called health_check, and there is one'],
  ['no_traffic_interval', 'it is as long as interval'],
  ['consecutive_5xx', 'it is called consecutive_failures'],
  ['lb_policy', 'it is called load_balancing.policy'],
]);

/** The rule that a field breaks by being there. */
export function noSuchField(key: PropertyKey): string {
  const reason = why.get(key);
  return reason === undefined ? 'no such field' : `no such field: ${reason}`;
}
