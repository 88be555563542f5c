// node-soap, answering a constant. Arguments: the port, and the WSDL's file.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { listen } from "soap";

const [port, wsdl] = process.argv.slice(2);
const response = { sendSMSResult: process.env.RESULT };
const operations = { sendSMS: () => response };
const service = { SMS: { SMSSoap: operations, SMSSoap12: operations } };

const server = createServer();
server.listen(Number(port), "127.0.0.1");
listen(server, "/", service, readFileSync(wsdl, "utf8"));
