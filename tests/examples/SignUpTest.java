import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

/** Java without any library, against a fake that runs beside it, at FAKE_EVERY8D_URL: java SignUpTest.java. */
public class SignUpTest {
    static final String FAKE = System.getenv().getOrDefault("FAKE_EVERY8D_URL", "http://127.0.0.1:8021");
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    /** The application: it sends by EVERY8D's HTTP API. */
    static String signUp(String phone) throws Exception {
        String code = String.format("%06d", (int) (Math.random() * 1_000_000));
        String text = URLEncoder.encode("您的驗證碼為 " + code, StandardCharsets.UTF_8);
        String form = "UID=demo&PWD=demo&MSG=" + text + "&DEST=" + phone;
        String answer = post("/API21/HTTP/sendSMS.ashx", "application/x-www-form-urlencoded", form);
        if (answer.startsWith("-")) throw new IllegalStateException("EVERY8D: " + answer);
        return code;
    }

    static String post(String path, String type, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(FAKE + path)).header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        return CLIENT.send(request, BodyHandlers.ofString()).body();
    }

    static String get(String path) throws Exception {
        return CLIENT.send(HttpRequest.newBuilder(URI.create(FAKE + path)).build(), BodyHandlers.ofString()).body();
    }

    public static void main(String[] arguments) throws Exception {
        post("/fake/reset", "application/json", "{}");
        String code = signUp("0912345678");
        String found = get("/fake/messages?to=0912345678&wait_seconds=5");
        if (!found.replace(" ", "").contains("\"code\":\"" + code + "\"")) throw new AssertionError(found);
        System.out.println("ok - a sign-up texts a code");
    }
}
