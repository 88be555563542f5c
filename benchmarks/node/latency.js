// node-soap: so many calls, one after the other. Prints the seconds that one takes.

import { Agent } from "node:http";
import { createClientAsync } from "soap";

const [url, sessionKey, calls] = process.argv.slice(2);
const client = await createClientAsync(`${url}/API21/SOAP/SMS.asmx?WSDL`);
const options = { agent: new Agent({ keepAlive: true }) };
const sms = { sessionKey, subject: "", content: "483920", mobile: "0912345678", sendTime: "" };

async function send() {
  const [response] = await client.sendSMSAsync(sms, options);
  if (response.sendSMSResult.split(",").length !== 5) throw new Error(response.sendSMSResult);
}

await send();
const begun = performance.now();
for (let call = 0; call < Number(calls); call++) await send();
console.log((performance.now() - begun) / 1000 / Number(calls));
process.exit();
