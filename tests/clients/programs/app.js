const url = process.env.SMS_URL + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo";
fetch(url).then((response) => response.text()).then(console.log);
