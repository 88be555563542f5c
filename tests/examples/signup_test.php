<?php
// PHP without any library, against a fake that runs beside it, at FAKE_EVERY8D_URL.
$fake = getenv('FAKE_EVERY8D_URL') ?: 'http://127.0.0.1:8021';

function request(string $method, string $url, string $type = '', string $body = ''): string
{
    $options = ['method' => $method, 'header' => "Content-Type: $type", 'content' => $body, 'ignore_errors' => true];
    return file_get_contents($url, false, stream_context_create(['http' => $options]));
}

// The application: it sends by EVERY8D's HTTP API.
function sign_up(string $phone): string
{
    global $fake;
    $code = sprintf('%06d', random_int(0, 999999));
    $form = ['UID' => 'demo', 'PWD' => 'demo', 'MSG' => "您的驗證碼為 $code", 'DEST' => $phone];
    $answer = request('POST', "$fake/API21/HTTP/sendSMS.ashx", 'application/x-www-form-urlencoded', http_build_query($form));
    if (str_starts_with($answer, '-')) {
        throw new RuntimeException("EVERY8D: $answer");
    }
    return $code;
}

function check(bool $holds, string $what): void
{
    echo ($holds ? 'ok' : 'not ok') . " - $what\n";
    if (!$holds) {
        exit(1);
    }
}

request('POST', "$fake/fake/reset", 'application/json', '{}');
$code = sign_up('0912345678');
$found = json_decode(request('GET', "$fake/fake/messages?to=0912345678&wait_seconds=5"), true);
check($found['messages'][0]['code'] === $code, 'a sign-up texts a code');
check(json_decode(request('GET', "$fake/fake/accounts/demo"), true)['credit'] === 999, 'and costs a point');
