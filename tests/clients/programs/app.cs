using System;
using System.Net;

static class App {
    static void Main() {
        var url = Environment.GetEnvironmentVariable("SMS_URL");
        Console.WriteLine(new WebClient().DownloadString(url + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"));
    }
}
