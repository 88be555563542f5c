<?php
// PHP's SoapClient on JSON lines: [operation, parameters] in, {result, sent} out.
// Arguments: the WSDL's URL, and the SOAP version, 1.1 or 1.2.

[, $wsdl, $version] = $argv;
$client = new SoapClient($wsdl, [
    "soap_version" => $version === "1.2" ? SOAP_1_2 : SOAP_1_1,
    "cache_wsdl" => WSDL_CACHE_NONE,
    "trace" => true,
]);

while (($line = fgets(STDIN)) !== false) {
    [$operation, $parameters] = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    $answer = $client->__soapCall($operation, [$parameters]);
    $result = $answer->{"{$operation}Result"} ?? null;
    $sent = $client->__getLastRequest();
    echo json_encode(["result" => $result, "sent" => $sent], JSON_THROW_ON_ERROR), "\n";
}
