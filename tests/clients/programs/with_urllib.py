import os
from urllib.request import urlopen

url = os.environ["SMS_URL"] + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"
print(urlopen(url).read().decode())
