<?php
$curl = curl_init(getenv("SMS_URL") . "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo");
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
$body = curl_exec($curl);
echo $body === false ? curl_error($curl) : $body, "\n";
