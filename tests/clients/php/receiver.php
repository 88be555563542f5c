<?php
// Takes status reports and appends a line of JSON for each: what PHP made of it, as UTF-8.
$given = $_SERVER['REQUEST_METHOD'] === 'POST' ? $_POST : $_GET;
if (getenv('CHARSET') === 'big5') {
    $given = array_map(fn ($value) => iconv('CP950', 'UTF-8', $value), $given);
}
file_put_contents(getenv('RECEIVED'), json_encode([$_SERVER['REQUEST_METHOD'], $given]) . "\n", FILE_APPEND);
echo 'OK';
