<?php

// SoapClient: so many calls, one after the other. Prints the seconds that one takes.

[, $url, $key, $calls] = $argv;
$client = new SoapClient("$url/API21/SOAP/SMS.asmx?WSDL", ["cache_wsdl" => WSDL_CACHE_NONE]);
$sms = ["sessionKey" => $key, "subject" => "", "content" => "483920", "mobile" => "0912345678",
    "sendTime" => ""];

function send(): void
{
    global $client, $sms;
    $result = $client->sendSMS($sms)->sendSMSResult;
    count(explode(",", $result)) === 5 or exit("sendSMS returned $result");
}

send();
$begun = hrtime(true);
for ($call = 0; $call < $calls; $call++) {
    send();
}
echo (hrtime(true) - $begun) / 1e9 / $calls;
