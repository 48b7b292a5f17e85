// What users of Lettuce do.

import static java.util.Map.entry;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.CacheFrontend;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

public final class LettuceDriver {
  private static RedisURI.Builder placeOf(Driver.Target target) {
    RedisURI.Builder uri = RedisURI.Builder.redis("127.0.0.1", target.port);
    if (target.username != null) uri.withAuthentication(target.username, target.password);
    else if (target.password != null) uri.withPassword(target.password.toCharArray());
    return uri;
  }

  private static ClientOptions.Builder optionsOf(Driver.Target target) {
    ClientOptions.Builder options = ClientOptions.builder();
    if (target.options.has("protocolVersion")) {
      options.protocolVersion(ProtocolVersion.valueOf(target.options.get("protocolVersion").getAsString()));
    }
    return options;
  }

  private static RedisClient clientFor(Driver.Target target) {
    RedisClient client = RedisClient.create(placeOf(target).build());
    client.setOptions(optionsOf(target).build());
    return client;
  }

  private static StatefulRedisConnection<String, String> open(Driver.Target target) {
    return clientFor(target).connect();
  }

  private static StatefulRedisConnection<String, String> openResp3(Driver.Target target) {
    RedisClient client = RedisClient.create(placeOf(target).build());
    client.setOptions(optionsOf(target).protocolVersion(ProtocolVersion.RESP3).build());
    return client.connect();
  }

  private static void setAndGet(RedisCommands<String, String> commands, String key) {
    commands.set(key, "v");
    Driver.expect("v".equals(commands.get(key)));
  }

  private static void connect(Driver.Target target) {
    setAndGet(open(target).sync(), target.key);
  }

  private static void resp3(Driver.Target target) {
    setAndGet(openResp3(target).sync(), target.key);
  }

  private static void pipeline(Driver.Target target) throws Exception {
    StatefulRedisConnection<String, String> connection = open(target);
    RedisAsyncCommands<String, String> commands = connection.async();
    connection.setAutoFlushCommands(false);
    RedisFuture<Long> last = null;
    for (int n = 0; n < 10_000; n++) last = commands.incr("n");
    connection.flushCommands();
    Driver.expect(last.get() == 10_000);
  }

  private static void multi(Driver.Target target) {
    RedisCommands<String, String> commands = open(target).sync();
    commands.multi();
    commands.set("k", "1");
    commands.incr("k");
    TransactionResult replies = commands.exec();
    Driver.expect("OK".equals(replies.get(0)) && Long.valueOf(2).equals(replies.get(1)));
  }

  private static void watch(Driver.Target target) {
    RedisCommands<String, String> commands = open(target).sync();
    commands.set("stock", "1");
    commands.watch("stock");
    open(target).sync().set("stock", "0");
    commands.multi();
    commands.decr("stock");
    Driver.expect(commands.exec().wasDiscarded());
  }

  private static void pubsub(Driver.Target target) throws Exception {
    StatefulRedisPubSubConnection<String, String> subscriber = clientFor(target).connectPubSub();
    CompletableFuture<String> heard = new CompletableFuture<>();
    subscriber.addListener(new RedisPubSubAdapter<>() {
      @Override
      public void message(String channel, String message) {
        heard.complete(message);
      }
    });
    subscriber.sync().subscribe("news");
    open(target).sync().publish("news", "hello");
    Driver.expect("hello".equals(heard.get()));
  }

  private static void blockingPop(Driver.Target target) {
    Driver.later(() -> open(target).sync().rpush("queue", "job"));
    Driver.expect(KeyValue.just("queue", "job").equals(open(target).sync().blpop(10, "queue")));
  }

  private static void script(Driver.Target target) {
    RedisCommands<String, String> commands = open(target).sync();
    commands.set(target.key, "v");
    String hash = commands.scriptLoad(Driver.GET_SCRIPT);
    Driver.expect("v".equals(commands.evalsha(hash, ScriptOutputType.VALUE, target.key)));
  }

  private static void scan(Driver.Target target) {
    RedisCommands<String, String> commands = open(target).sync();
    for (int n = 0; n < 101; n++) commands.set("k" + n, "v");
    Set<String> seen = new HashSet<>();
    ScanIterator.scan(commands, ScanArgs.Builder.limit(10)).forEachRemaining(seen::add);
    Driver.expect(seen.size() == 101);
  }

  private static void select(Driver.Target target) {
    RedisCommands<String, String> commands = open(target).sync();
    commands.set("colour", "red");
    RedisClient client = RedisClient.create(placeOf(target).withDatabase(1).build());
    client.setOptions(optionsOf(target).build());
    RedisCommands<String, String> other = client.connect().sync();
    other.set("colour", "blue");
    Driver.expect("red".equals(commands.get("colour")) && "blue".equals(other.get("colour")));
  }

  private static void tracking(Driver.Target target) throws Exception {
    Map<String, String> held = new ConcurrentHashMap<>();
    CacheFrontend<String, String> cache = ClientSideCaching.enable(
        CacheAccessor.forMap(held), openResp3(target), TrackingArgs.Builder.enabled());
    RedisCommands<String, String> other = openResp3(target).sync();
    other.set("k", "old");
    Driver.expect("old".equals(cache.get("k")) && "old".equals(held.get("k")));
    other.set("k", "new");
    while (!"new".equals(cache.get("k"))) Driver.pause();
  }

  private static void cluster(Driver.Target target) {
    RedisClusterClient client = RedisClusterClient.create(placeOf(target).build());
    RedisAdvancedClusterCommands<String, String> commands = client.connect().sync();
    for (int n = 0; n < 30; n++) {
      commands.set("k" + n, "v");
      Driver.expect("v".equals(commands.get("k" + n)));
    }
    Driver.expect(client.getPartitions().stream().allMatch(node -> node.getUri().getPort() == target.port));
  }

  private static String replaced(Driver.Target target) throws Exception {
    RedisCommands<String, String> commands = open(target).sync();
    commands.set("k", "v");
    Driver.awaitReplacement();
    return Driver.insist(() -> commands.get("k"));
  }

  public static void main(String[] args) {
    Driver.drive(Map.ofEntries(
        entry("connect", Driver.to(LettuceDriver::connect)),
        entry("resp3", Driver.to(LettuceDriver::resp3)),
        entry("pipeline", Driver.to(LettuceDriver::pipeline)),
        entry("multi", Driver.to(LettuceDriver::multi)),
        entry("watch", Driver.to(LettuceDriver::watch)),
        entry("pubsub", Driver.to(LettuceDriver::pubsub)),
        entry("blocking-pop", Driver.to(LettuceDriver::blockingPop)),
        entry("script", Driver.to(LettuceDriver::script)),
        entry("scan", Driver.to(LettuceDriver::scan)),
        entry("select", Driver.to(LettuceDriver::select)),
        entry("tracking", Driver.to(LettuceDriver::tracking)),
        entry("cluster", Driver.to(LettuceDriver::cluster)),
        entry("replaced", LettuceDriver::replaced)), args);
  }
}
