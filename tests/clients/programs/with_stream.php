<?php
echo file_get_contents(getenv("SMS_URL") . "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"), "\n";
