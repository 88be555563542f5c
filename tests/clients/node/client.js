// node-soap on JSON lines: [operation, parameters] in, {result, sent} out.
// Arguments: the WSDL's URL, and the SOAP version, 1.1 or 1.2.

import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { createClientAsync } from "soap";

const [wsdl, version] = process.argv.slice(2);
const soap12 = version === "1.2";
const client = await createClientAsync(wsdl, { forceSoap12Headers: soap12 });
const port = client.SMS[soap12 ? "SMSSoap12" : "SMSSoap"];

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, parameters] = JSON.parse(line);
  const answer = await promisify(port[operation])(parameters, { timeout: 30_000 });
  const result = answer[`${operation}Result`];
  console.log(JSON.stringify({ result, sent: client.lastRequest }));
}
