// The HTTP API on JSON lines: [operation, parameters] in, {result, sent} out.
// Arguments: the API's base URL, and what to call it with: axios, fetch or http.

import { request } from "node:http";
import { createInterface } from "node:readline";
import axios from "axios";

const [base, library] = process.argv.slice(2);

const clients = {
  // Everything in the query, and an empty body.
  async axios(url, params) {
    const { data } = await axios.post(url, null, { params, responseType: "text" });
    return data;
  },

  async fetch(url, parameters) {
    const response = await fetch(`${url}?${new URLSearchParams(parameters)}`);
    return response.text();
  },

  // By hand: a form in the body, its length counted in bytes.
  http(url, parameters) {
    const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const body = pairs.join("&");
    const headers = {
      "Content-Type": "application/x-www-form-urlencoded",
      "Content-Length": Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece) => (text += piece));
        response.on("end", () => resolve(text));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, parameters] = JSON.parse(line);
  const result = await clients[library](`${base}${operation}.ashx`, parameters);
  console.log(JSON.stringify({ result, sent: library }));
}
