// The secrets of every run. Nothing refers to them: Envoys ask for all.

export const secretNames: readonly string[] = ['s', 't', 'u'];
