<?php
$client = new SoapClient(getenv("SMS_URL") . "/API21/SOAP/SMS.asmx?WSDL", ["cache_wsdl" => WSDL_CACHE_NONE]);
$found = $client->getConnection(["userID" => "demo", "password" => "demo"])->getConnectionResult;
preg_match("/[0-9a-f]{32}/", $found, $key);
echo $client->getCredit(["sessionKey" => $key[0]])->getCreditResult, "\n";
