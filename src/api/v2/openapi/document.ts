export function createDescription(): object { return {}; }
