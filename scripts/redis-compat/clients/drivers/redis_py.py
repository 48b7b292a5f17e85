"""What users of redis-py do. Speaks as driver.ts does. The package's folder is on PYTHONPATH."""

import json
import sys
import threading
import time

import redis

PAUSE_S = 0.2


class Wrong(Exception):
    """The library has reported no error, and yet it is not so."""


def expect(is_so):
    if not is_so:
        raise Wrong()


def show(line):
    print(json.dumps(line), flush=True)


def place_of(target):
    place = {key: target[key] for key in ("port", "username", "password") if key in target}
    return {"host": "127.0.0.1", "decode_responses": True, **place}


def connect(target, **own):
    return redis.Redis(**{**place_of(target), **target["options"], **own})


def set_and_get(target, **own):
    client = connect(target, **own)
    client.set(target["key"], "v")
    expect(client.get(target["key"]) == "v")


def resp3(target):
    set_and_get(target, protocol=3)


def pipeline(target):
    commands = connect(target).pipeline(transaction=False)
    for _ in range(10_000):
        commands.incr("n")
    expect(commands.execute() == list(range(1, 10_001)))


def multi(target):
    commands = connect(target).pipeline()
    commands.set("k", "1")
    commands.incr("k")
    expect(commands.execute() == [True, 2])


def watch(target):
    client, other = connect(target), connect(target)
    client.set("stock", "1")
    commands = client.pipeline()
    commands.watch("stock")
    other.set("stock", "0")
    commands.multi()
    commands.decr("stock")
    try:
        commands.execute()
    except redis.WatchError:
        return
    raise Wrong()


def pubsub(target):
    subscriber = connect(target).pubsub(ignore_subscribe_messages=True)
    subscriber.subscribe("news")
    subscriber.get_message(timeout=PAUSE_S)
    connect(target).publish("news", "hello")
    for message in subscriber.listen():
        return expect(message["data"] == "hello")


def blocking_pop(target):
    threading.Timer(PAUSE_S, lambda: connect(target).rpush("queue", "job")).start()
    expect(list(connect(target).blpop("queue", timeout=10)) == ["queue", "job"])


def script(target):
    client = connect(target)
    client.set(target["key"], "v")
    read = client.register_script("return redis.call('get', KEYS[1])")
    expect(read(keys=[target["key"]]) == "v")


def scan(target):
    client = connect(target)
    for n in range(101):
        client.set(f"k{n}", "v")
    expect(len(set(client.scan_iter(count=10))) == 101)


def select(target):
    client = connect(target)
    client.set("colour", "red")
    other = connect(target, db=1)
    other.set("colour", "blue")
    expect(client.get("colour") == "red" and other.get("colour") == "blue")


def tracking(target):
    from redis.cache import CacheConfig

    client, other = connect(target, protocol=3, cache_config=CacheConfig()), connect(target, protocol=3)
    other.set("k", "old")
    expect(client.get("k") == "old" and client.get("k") == "old")
    expect(client.get_cache().size == 1)
    other.set("k", "new")
    while client.get("k") != "new":
        time.sleep(PAUSE_S)


def cluster(target):
    client = redis.RedisCluster(**place_of(target), **target["options"])
    for n in range(30):
        client.set(f"k{n}", "v")
    expect(client.get("k29") == "v")
    expect(all(node.port == target["port"] for node in client.get_nodes()))


def replaced(target):
    client = connect(target)
    client.set("k", "v")
    show({"ready": True})
    sys.stdin.readline()
    first = None
    while True:
        try:
            client.get("k")
            return first
        except redis.RedisError as error:
            first = first or str(error)
            time.sleep(PAUSE_S)


ATTEMPTS = {
    "connect": set_and_get,
    "resp3": resp3,
    "pipeline": pipeline,
    "multi": multi,
    "watch": watch,
    "pubsub": pubsub,
    "blocking-pop": blocking_pop,
    "script": script,
    "scan": scan,
    "select": select,
    "tracking": tracking,
    "cluster": cluster,
    "replaced": replaced,
}


def main():
    attempt = ATTEMPTS[sys.argv[1]]
    try:
        after = attempt(json.loads(sys.argv[2]))
        show({"outcome": "works"} if after is None else {"outcome": "works", "after": after})
    except Wrong:
        show({"outcome": "wrong"})
    except Exception as error:
        show({"outcome": "error", "error": str(error) or type(error).__name__})


main()
