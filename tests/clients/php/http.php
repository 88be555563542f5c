<?php
// The HTTP API on JSON lines: [operation, parameters] in, {result, sent} out.
// Arguments: the API's base URL, and how to call it: stream or socket.

[, $base, $how] = $argv;

// As most do it today: a form that PHP encodes.
function by_stream(string $url, array $parameters): string
{
    $context = stream_context_create(["http" => [
        "method" => "POST",
        "header" => "Content-Type: application/x-www-form-urlencoded",
        "content" => http_build_query($parameters),
    ]]);
    return file_get_contents($url, false, $context);
}

// As the platform's own old sample does it: HTTP/1.0, the whole URL as the target and no Host,
// nothing encoded, and a line end after the body that its length does not count.
function by_socket(string $url, array $parameters): string
{
    ["host" => $host, "port" => $port] = parse_url($url);
    $pairs = array_map(fn($name, $value) => "$name=$value", array_keys($parameters), $parameters);
    $body = implode("&", $pairs);
    $socket = fsockopen($host, $port, $code, $message, 30);
    fputs($socket, "POST $url HTTP/1.0\r\n");
    fputs($socket, "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n");
    fputs($socket, "Content-Length: " . strlen($body) . "\r\n\r\n");
    fputs($socket, "$body\r\n");
    $answer = stream_get_contents($socket);
    fclose($socket);
    return explode("\r\n\r\n", $answer, 2)[1];
}

while (($line = fgets(STDIN)) !== false) {
    [$operation, $parameters] = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    $result = "by_$how"("$base$operation.ashx", $parameters);
    echo json_encode(["result" => $result, "sent" => $how], JSON_THROW_ON_ERROR), "\n";
}
