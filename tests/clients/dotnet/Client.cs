// Calls operations of the web reference in Sms.cs, at the URL and in the version of SOAP (1.1 or
// 1.2) that it is started with. A call comes as a line: the operation, then names and values in
// turn, the values in base64, with blanks between. So does its result go out, in base64.
using System;
using System.Linq;
using System.Text;
using System.Web.Services.Protocols;

public static class Client
{
    public static void Main(string[] arguments)
    {
        var version = arguments[1] == "1.2" ? SoapProtocolVersion.Soap12 : SoapProtocolVersion.Soap11;
        var sms = new SMS { Url = arguments[0], SoapVersion = version };
        string line;
        while ((line = Console.In.ReadLine()) != null)
        {
            var words = line.Split(' ');
            var operation = typeof(SMS).GetMethod(words[0]);
            var values = operation.GetParameters().Select(parameter =>
            {
                var place = Array.IndexOf(words, parameter.Name, 1);
                return place < 0 ? null : Encoding.UTF8.GetString(Convert.FromBase64String(words[place + 1]));
            });
            var result = (string)operation.Invoke(sms, values.ToArray());
            Console.WriteLine(Convert.ToBase64String(Encoding.UTF8.GetBytes(result ?? "")));
            Console.Out.Flush();
        }
    }
}
