// How much can be declared: what the xDS server can always be asked for again (docs/adr/0018).

export const maxClusters = 50_000;
export const maxListeners = 1_000;
export const maxSecrets = 10_000;
/** Of one cluster. */
export const maxEndpoints = 10_000;
