import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class App {
    public static void main(String[] arguments) throws Exception {
        var url = System.getenv("SMS_URL") + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo";
        var request = HttpRequest.newBuilder(URI.create(url)).build();
        System.out.println(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
    }
}
