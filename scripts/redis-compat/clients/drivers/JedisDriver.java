// What users of Jedis do.

import static java.util.Map.entry;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.ScanIteration;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.csc.CacheConfig;

public final class JedisDriver {
  private static DefaultJedisClientConfig.Builder configOf(Driver.Target target) {
    DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder();
    if (target.username != null) config.user(target.username);
    if (target.password != null) config.password(target.password);
    if (target.options.has("protocol")) {
      config.protocol(RedisProtocol.valueOf(target.options.get("protocol").getAsString()));
    }
    return config;
  }

  private static RedisClient open(Driver.Target target) {
    return open(target, configOf(target));
  }

  private static RedisClient open(Driver.Target target, DefaultJedisClientConfig.Builder config) {
    return RedisClient.builder().hostAndPort("127.0.0.1", target.port).clientConfig(config.build()).build();
  }

  private static void setAndGet(UnifiedJedis client, String key) {
    client.set(key, "v");
    Driver.expect("v".equals(client.get(key)));
  }

  private static void connect(Driver.Target target) {
    setAndGet(open(target), target.key);
  }

  private static void resp3(Driver.Target target) {
    setAndGet(open(target, configOf(target).resp3()), target.key);
  }

  private static void pipeline(Driver.Target target) {
    try (AbstractPipeline pipeline = open(target).pipelined()) {
      Response<Long> last = null;
      for (int n = 0; n < 10_000; n++) last = pipeline.incr("n");
      pipeline.sync();
      Driver.expect(last.get() == 10_000);
    }
  }

  private static void multi(Driver.Target target) {
    try (AbstractTransaction transaction = open(target).multi()) {
      transaction.set("k", "1");
      transaction.incr("k");
      Driver.expect(List.of("OK", 2L).equals(transaction.exec()));
    }
  }

  private static void watch(Driver.Target target) {
    UnifiedJedis client = open(target);
    client.set("stock", "1");
    try (AbstractTransaction transaction = client.transaction(false)) {
      transaction.watch("stock");
      open(target).set("stock", "0");
      transaction.multi();
      transaction.decr("stock");
      Driver.expect(transaction.exec() == null);
    }
  }

  private static void pubsub(Driver.Target target) throws Exception {
    CompletableFuture<String> heard = new CompletableFuture<>();
    JedisPubSub subscription = new JedisPubSub() {
      @Override
      public void onSubscribe(String channel, int count) {
        Driver.later(() -> open(target).publish(channel, "hello"));
      }

      @Override
      public void onMessage(String channel, String message) {
        heard.complete(message);
        unsubscribe();
      }
    };
    open(target).subscribe(subscription, "news");
    Driver.expect("hello".equals(heard.get()));
  }

  private static void blockingPop(Driver.Target target) {
    Driver.later(() -> open(target).rpush("queue", "job"));
    Driver.expect(List.of("queue", "job").equals(open(target).blpop(10, "queue")));
  }

  private static void script(Driver.Target target) {
    UnifiedJedis client = open(target);
    client.set(target.key, "v");
    String hash = client.scriptLoad(Driver.GET_SCRIPT);
    Driver.expect("v".equals(client.evalsha(hash, List.of(target.key), List.of())));
  }

  private static void scan(Driver.Target target) {
    UnifiedJedis client = open(target);
    for (int n = 0; n < 101; n++) client.set("k" + n, "v");
    Set<String> seen = new HashSet<>();
    for (ScanIteration scan = client.scanIteration(10, "*"); !scan.isIterationCompleted(); ) {
      seen.addAll(scan.nextBatchList());
    }
    Driver.expect(seen.size() == 101);
  }

  private static void select(Driver.Target target) {
    UnifiedJedis client = open(target);
    client.set("colour", "red");
    UnifiedJedis other = open(target, configOf(target).database(1));
    other.set("colour", "blue");
    Driver.expect("red".equals(client.get("colour")) && "blue".equals(other.get("colour")));
  }

  private static void tracking(Driver.Target target) throws Exception {
    DefaultJedisClientConfig config = configOf(target).resp3().build();
    UnifiedJedis client = RedisClient.builder().hostAndPort("127.0.0.1", target.port).clientConfig(config)
        .cacheConfig(CacheConfig.builder().build()).build();
    UnifiedJedis other = open(target, configOf(target).resp3());
    other.set("k", "old");
    Driver.expect("old".equals(client.get("k")) && "old".equals(client.get("k")));
    Driver.expect(client.getCache().getStats().getHitCount() == 1);
    other.set("k", "new");
    while (!"new".equals(client.get("k"))) Driver.pause();
  }

  private static void cluster(Driver.Target target) {
    RedisClusterClient client = RedisClusterClient.builder().nodes(Set.of(new HostAndPort("127.0.0.1", target.port)))
        .clientConfig(configOf(target).build()).build();
    for (int n = 0; n < 30; n++) setAndGet(client, "k" + n);
    Driver.expect(client.getClusterNodes().keySet().equals(Set.of("127.0.0.1:" + target.port)));
  }

  private static String replaced(Driver.Target target) throws Exception {
    UnifiedJedis client = open(target);
    client.set("k", "v");
    Driver.awaitReplacement();
    return Driver.insist(() -> client.get("k"));
  }

  public static void main(String[] args) {
    Driver.drive(Map.ofEntries(
        entry("connect", Driver.to(JedisDriver::connect)),
        entry("resp3", Driver.to(JedisDriver::resp3)),
        entry("pipeline", Driver.to(JedisDriver::pipeline)),
        entry("multi", Driver.to(JedisDriver::multi)),
        entry("watch", Driver.to(JedisDriver::watch)),
        entry("pubsub", Driver.to(JedisDriver::pubsub)),
        entry("blocking-pop", Driver.to(JedisDriver::blockingPop)),
        entry("script", Driver.to(JedisDriver::script)),
        entry("scan", Driver.to(JedisDriver::scan)),
        entry("select", Driver.to(JedisDriver::select)),
        entry("tracking", Driver.to(JedisDriver::tracking)),
        entry("cluster", Driver.to(JedisDriver::cluster)),
        entry("replaced", JedisDriver::replaced)), args);
  }
}
