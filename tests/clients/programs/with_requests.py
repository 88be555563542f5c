import os

import requests

url = os.environ["SMS_URL"] + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"
print(requests.get(url).text)
