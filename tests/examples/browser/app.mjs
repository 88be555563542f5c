// The application: a sign-up page that texts a code by EVERY8D's HTTP API, at SMS_URL.
import { createServer } from "node:http";

const SMS_URL = process.env.SMS_URL ?? "http://127.0.0.1:8021/API21/HTTP/";
const codes = new Map();

const form = (field, button) =>
  `<form method="post"><label>${field} <input name="${field}"></label><button>${button}</button></form>`;

async function text(phone) {
  const code = String(Math.floor(Math.random() * 1e6)).padStart(6, "0");
  codes.set(phone, code);
  const sms = { UID: "demo", PWD: "demo", MSG: `您的驗證碼為 ${code}，10 分鐘內有效。`, DEST: phone };
  const response = await fetch(`${SMS_URL}sendSMS.ashx`, { method: "POST", body: new URLSearchParams(sms) });
  return response.ok && !(await response.text()).startsWith("-");
}

createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const fields = new URLSearchParams(body);
  let page = form("phone", "Text me a code");
  if (fields.has("phone"))
    page = (await text(fields.get("phone"))) ? form("code", "Sign up") : "<p>Try again later</p>";
  if (fields.has("code"))
    page = [...codes.values()].includes(fields.get("code")) ? "<p>Welcome</p>" : "<p>Wrong code</p>";
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page);
}).listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
