import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;

/** Java's own way from a key's text to an AES key: KeyGenerator over SHA1PRNG. */
public class Westdex {
  static SecretKey key;

  static String encrypted(String text) throws Exception {
    Cipher cipher = Cipher.getInstance("AES/ECB/PKCS5Padding");
    cipher.init(Cipher.ENCRYPT_MODE, key);
    return Base64.getEncoder().encodeToString(cipher.doFinal(text.getBytes(StandardCharsets.UTF_8)));
  }

  public static void main(String[] args) throws Exception {
    SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
    random.setSeed(System.getenv("SECRET").getBytes(StandardCharsets.UTF_8));
    KeyGenerator generator = KeyGenerator.getInstance("AES");
    generator.init(128, random);
    key = generator.generateKey();

    String id = System.getenv("ID");
    String timestamp = String.valueOf(System.currentTimeMillis());
    String body =
        "{\"data\":{\"timeStamp\":\"" + timestamp + "\",\"customNumber\":\"" + id + "\",\"xM\":\""
            + encrypted(System.getenv("NAME")) + "\",\"gMSFZHM\":\"" + encrypted(System.getenv("ID_NUMBER"))
            + "\"},\"photoData\":\"" + System.getenv("IMAGE") + "\"}";
    URL url = new URL(System.getenv("BASE_URL") + "/" + id + "/idCardThreeElements?timestamp=" + timestamp);
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Content-Type", "application/json;charset=utf-8");
    connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    String answer;
    try (InputStream in = connection.getInputStream()) {
      answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    String data = answer.replaceAll("^.*\"data\":\"([^\"]+)\".*$", "$1");
    Cipher cipher = Cipher.getInstance("AES/ECB/PKCS5Padding");
    cipher.init(Cipher.DECRYPT_MODE, key);
    System.out.println(new String(cipher.doFinal(Base64.getDecoder().decode(data)), StandardCharsets.UTF_8));
  }
}
