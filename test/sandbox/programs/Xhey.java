import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** As the document's Java program signs. */
public class Xhey {
  static String sign(String data) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(System.getenv("SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return Base64.getEncoder().encodeToString(mac.doFinal(data.getBytes(StandardCharsets.UTF_8)));
  }

  static String call(String name, String body) throws Exception {
    String key = System.getenv("ID");
    String timestamp = String.valueOf(System.currentTimeMillis() / 1000);
    HttpURLConnection connection =
        (HttpURLConnection) new URL(System.getenv("BASE_URL") + "/v2/truth_build/" + name).openConnection();
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("GroupKey", key);
    connection.setRequestProperty("Timestamp", timestamp);
    connection.setRequestProperty("Signature", sign("groupKey=" + key + "&sign=" + sign(body) + "&timestamp=" + timestamp));
    connection.setRequestProperty("Content-Type", "application/json;charset=UTF-8");
    connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    try (InputStream in = connection.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] args) throws Exception {
    String created = call("create", "{\"photoUrlList\":[\"https://a.test/1.jpg\"]}");
    String task = created.replaceAll(".*\"data\":\\{\"data\":\\[\\{\"taskID\":\"(\\d+)\".*", "$1");
    String answer = call("query", "{\"taskID\":\"" + task + "\"}");
    System.out.println(answer.replaceAll("^.*\"list\":(\\[.*\\]).*$", "$1"));
  }
}
