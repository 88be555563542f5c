// .NET Framework, against a fake that runs beside it, at FAKE_EVERY8D_URL. With Mono:
// mcs -r:System.Net.Http -r:System.Web.Services SignUpTest.cs && mono SignUpTest.exe
using System;
using System.Net.Http;
using System.Text;
using System.Web.Services;
using System.Web.Services.Description;
using System.Web.Services.Protocols;

/// The part that wsdl.exe and "Add Web Reference" make of the WSDL, for two operations.
[WebServiceBinding(Name = "SMSSoap", Namespace = "http://tempuri.org/")]
public class Sms : SoapHttpClientProtocol
{
    [SoapDocumentMethod("http://tempuri.org/getConnection",
        RequestNamespace = "http://tempuri.org/", ResponseNamespace = "http://tempuri.org/",
        Use = SoapBindingUse.Literal, ParameterStyle = SoapParameterStyle.Wrapped)]
    public string getConnection(string userID, string password)
    {
        return (string)Invoke("getConnection", new object[] { userID, password })[0];
    }

    [SoapDocumentMethod("http://tempuri.org/sendSMS",
        RequestNamespace = "http://tempuri.org/", ResponseNamespace = "http://tempuri.org/",
        Use = SoapBindingUse.Literal, ParameterStyle = SoapParameterStyle.Wrapped)]
    public string sendSMS(string sessionKey, string subject, string content, string mobile, string sendTime)
    {
        return (string)Invoke("sendSMS", new object[] { sessionKey, subject, content, mobile, sendTime })[0];
    }
}

public static class SignUpTest
{
    static readonly string Fake = Environment.GetEnvironmentVariable("FAKE_EVERY8D_URL") ?? "http://127.0.0.1:8021";
    static readonly HttpClient Client = new HttpClient();

    /// The application: all that a test changes is the address.
    static string SignUp(string phone)
    {
        var code = new Random().Next(100000, 1000000).ToString();
        var sms = new Sms { Url = Fake + "/API21/SOAP/SMS.asmx" };
        var connection = sms.getConnection("demo", "demo");
        var key = connection.Split(new[] { "<SESSION_KEY>", "</SESSION_KEY>" }, StringSplitOptions.None)[1];
        var answer = sms.sendSMS(key, "", "您的驗證碼為 " + code, phone, "");
        if (answer.StartsWith("-")) throw new Exception("EVERY8D: " + answer);
        return code;
    }

    public static void Main()
    {
        var nothing = new StringContent("{}", Encoding.UTF8, "application/json");
        Client.PostAsync(Fake + "/fake/reset", nothing).Result.EnsureSuccessStatusCode();
        var code = SignUp("0912345678");
        var found = Client.GetStringAsync(Fake + "/fake/messages/latest?to=0912345678&wait_seconds=5").Result;
        if (!found.Replace(" ", "").Contains("\"code\":\"" + code + "\"")) throw new Exception(found);
        Console.WriteLine("ok - a sign-up texts a code");
    }
}
