// All drills that there are, in the order in which they are played.

import type { Scenario } from './scenario.ts';
import { hang, manyWriters } from './scenarios/outage.ts';
import { ownPartition, partition, sentinelPartition } from './scenarios/partition.ts';
import { ownPromotion, roles, sentinel, sentinelHang, switchover } from './scenarios/primary-change.ts';
import { redisCluster } from './scenarios/redis-cluster.ts';
import { rollingRestart } from './scenarios/rolling-restart.ts';

export const scenarios: readonly Scenario[] = [
  sentinel,
  sentinelHang,
  roles,
  ownPromotion,
  switchover,
  redisCluster,
  manyWriters,
  hang,
  partition,
  sentinelPartition,
  ownPartition,
  rollingRestart,
];
