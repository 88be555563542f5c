<?php

// SoapServer, answering a constant.

final class Sms
{
    public function sendSMS(): array
    {
        return ["sendSMSResult" => getenv("RESULT")];
    }
}

$server = new SoapServer(getenv("WSDL"));
$server->setClass(Sms::class);
$server->handle();
