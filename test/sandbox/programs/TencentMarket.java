import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.SimpleDateFormat;
import java.util.Base64;
import java.util.Date;
import java.util.Locale;
import java.util.TimeZone;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** As the newer gateway's Java program signs. */
public class TencentMarket {
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  public static void main(String[] args) throws Exception {
    SimpleDateFormat format = new SimpleDateFormat("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US);
    format.setTimeZone(TimeZone.getTimeZone("GMT"));
    String date = format.format(new Date());
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(System.getenv("SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
    String signature = Base64.getEncoder().encodeToString(mac.doFinal(("x-date: " + date).getBytes(StandardCharsets.UTF_8)));
    String authorization =
        "{\"id\":\"" + System.getenv("ID") + "\", \"x-date\":\"" + date + "\", \"signature\":\"" + signature + "\"}";
    String form =
        "name=" + encoded(System.getenv("NAME")) + "&idcard=" + encoded(System.getenv("ID_NUMBER"))
            + "&image=" + encoded(System.getenv("IMAGE")) + "&url=";
    HttpURLConnection connection = (HttpURLConnection) new URL(System.getenv("BASE_URL")).openConnection();
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Authorization", authorization);
    connection.setRequestProperty("request-id", UUID.randomUUID().toString());
    connection.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
    connection.getOutputStream().write(form.getBytes(StandardCharsets.UTF_8));
    try (InputStream in = connection.getInputStream()) {
      System.out.println(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
