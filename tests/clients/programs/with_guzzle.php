<?php
require "GuzzleHttp/autoload.php";
$client = new GuzzleHttp\Client();
echo $client->get(getenv("SMS_URL") . "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo")->getBody(), "\n";
