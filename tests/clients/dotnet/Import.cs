// A web reference as wsdl.exe and "Add Web Reference" make it: Import.exe FILE.wsdl Sms.cs
using System.CodeDom;
using System.CodeDom.Compiler;
using System.IO;
using System.Web.Services.Description;
using Microsoft.CSharp;

public static class Import
{
    public static int Main(string[] arguments)
    {
        var importer = new ServiceDescriptionImporter { ProtocolName = "Soap" };
        importer.AddServiceDescription(ServiceDescription.Read(arguments[0]), null, null);
        var code = new CodeNamespace();
        var unit = new CodeCompileUnit();
        unit.Namespaces.Add(code);
        var warnings = importer.Import(code, unit);
        using (var file = new StreamWriter(arguments[1]))
            new CSharpCodeProvider().GenerateCodeFromCompileUnit(unit, file, new CodeGeneratorOptions());
        System.Console.Error.Write(warnings == 0 ? "" : warnings.ToString());
        return (int)warnings;
    }
}
