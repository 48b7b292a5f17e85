// What the drivers in Java share; they speak as driver.ts does.

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;

final class Driver {
  static final int PAUSE_MS = 200;
  static final String GET_SCRIPT = "return redis.call('get', KEYS[1])";

  private Driver() {}

  /** Where to connect to, and as whom; what is not known is null. */
  static final class Target {
    int port;
    String key;
    String username;
    String password;
    JsonObject options;
  }

  /** Tries one thing. Throws what the library says; an error that came first, and no more later, is returned. */
  interface Attempt {
    String on(Target target) throws Exception;
  }

  /** An attempt at whose end all is well. */
  interface Use {
    void on(Target target) throws Exception;
  }

  static Attempt to(Use use) {
    return target -> {
      use.on(target);
      return null;
    };
  }

  /** The library has reported no error, and yet it is not so. */
  static final class Wrong extends RuntimeException {}

  static void expect(boolean isSo) {
    if (!isSo) throw new Wrong();
  }

  static void drive(Map<String, Attempt> attempts, String[] args) {
    JsonObject result = new JsonObject();
    try {
      String after = attempts.get(args[0]).on(new Gson().fromJson(args[1], Target.class));
      result.addProperty("outcome", "works");
      if (after != null) result.addProperty("after", after);
    } catch (Wrong wrong) {
      result.addProperty("outcome", "wrong");
    } catch (Exception error) {
      result.addProperty("outcome", "error");
      result.addProperty("error", messageOf(error));
    }
    System.out.println(result);
    // Threads of the libraries would go on.
    System.exit(0);
  }

  /** Returns once the server behind the listener is another one. */
  static void awaitReplacement() throws IOException {
    System.out.println("{\"ready\":true}");
    System.in.read();
  }

  /** Until it does not throw; returns what was thrown first. */
  static String insist(Runnable ask) throws InterruptedException {
    for (String first = null; ; pause()) {
      try {
        ask.run();
        return first;
      } catch (RuntimeException error) {
        if (first == null) first = messageOf(error);
      }
    }
  }

  static void pause() throws InterruptedException {
    Thread.sleep(PAUSE_MS);
  }

  /** After a pause, beside what goes on. */
  static void later(Runnable run) {
    new Thread(() -> {
      try {
        pause();
      } catch (InterruptedException error) {
        return;
      }
      run.run();
    }).start();
  }

  /** What went wrong at the bottom: libraries wrap it. */
  private static String messageOf(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) cause = cause.getCause();
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }
}
