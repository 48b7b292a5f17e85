// Fields that operators know from Envoy's own files, and that are no fields here: why not, or what there is instead.

const why: ReadonlyMap<PropertyKey, string> = new Map([
  ['circuit_breakers', 'Envoy heeds none for Redis'],
  ['read_policy', 'a listener has it, for clusters of kind redis_cluster alone'],
  ['overprovisioning_factor', 'it follows from panic_threshold'],
  ['healthy_panic_threshold', 'it is called panic_threshold'],
  ['resolve', 'Envoy itself looks up the seeds of a Redis Cluster'],
  ['health_checks', 'it is called health_check, and there is one'],
  ['lb_policy', 'it is called load_balancing.policy'],
]);

/** The rule that a field breaks by being there. */
export function noSuchField(key: PropertyKey): string {
  const reason = why.get(key);
  return reason === undefined ? 'no such field' : `no such field: ${reason}`;
}
