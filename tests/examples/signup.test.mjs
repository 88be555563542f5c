// Node's own test runner against a fake that runs beside it, at FAKE_EVERY8D_URL.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const FAKE = process.env.FAKE_EVERY8D_URL ?? "http://127.0.0.1:8021";

// The application: it sends by EVERY8D's HTTP API.
async function signUp(phone) {
  const code = String(Math.floor(Math.random() * 1e6)).padStart(6, "0");
  const form = { UID: "demo", PWD: "demo", MSG: `您的驗證碼為 ${code}，10 分鐘內有效。`, DEST: phone };
  const response = await fetch(`${FAKE}/API21/HTTP/sendSMS.ashx`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  const answer = await response.text();
  if (!response.ok || answer.startsWith("-")) throw new Error(`EVERY8D: ${response.status} ${answer}`);
  return code;
}

async function fake(path, body) {
  const response = await fetch(`${FAKE}/fake/${path}`, body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(response.ok, await response.clone().text());
  return response.status === 204 ? null : response.json();
}

beforeEach(() => fake("reset", {}));

test("a sign-up texts a code", async () => {
  const code = await signUp("0912345678");
  const sms = await fake("messages/latest?to=0912345678&wait_seconds=5"); // a 404 if none comes
  assert.equal(sms.code, code);
});

test("an outage is an error, and costs nothing", async () => {
  await fake("failures", { operation: "sendSMS", kind: "http_error", status: 503 });
  await assert.rejects(signUp("0912345678"), /EVERY8D: 503/);
  assert.equal((await fake("accounts/demo")).credit, 1000);
});

test("a patient answers", async () => {
  await signUp("0912345678");
  await fake("clock", { advance_seconds: 1 });
  const message = await fake("replies", { to: "0912345678", text: "1" });
  assert.deepEqual(message.replies.map((reply) => reply.text), ["1"]);
});
