import os

import httpx

url = os.environ["SMS_URL"] + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"
print(httpx.get(url).text)
