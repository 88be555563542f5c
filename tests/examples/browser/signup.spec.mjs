// Playwright Test, against a fake that runs beside it, at FAKE_EVERY8D_URL.
import { expect, test } from "@playwright/test";

const FAKE = `${process.env.FAKE_EVERY8D_URL ?? "http://127.0.0.1:8021"}/fake`;

async function latestSms(request, to) {
  const response = await request.get(`${FAKE}/messages/latest`, { params: { to, wait_seconds: 5 } });
  await expect(response).toBeOK(); // a 404 if none has come within 5 seconds
  return response.json();
}

test.beforeEach(async ({ request }) => {
  await expect(await request.post(`${FAKE}/reset`)).toBeOK();
});

test("a code that was texted signs up", async ({ page, request }) => {
  await page.goto("/");
  await page.getByLabel("phone").fill("0912345678");
  await page.getByRole("button").click();

  const { code } = await latestSms(request, "0912345678");
  await page.getByLabel("code").fill(code);
  await page.getByRole("button").click();
  await expect(page.getByText("Welcome")).toBeVisible();
});

test("an outage is told", async ({ page, request }) => {
  await request.post(`${FAKE}/failures`, {
    data: { operation: "sendSMS", kind: "http_error", status: 503 },
  });
  await page.goto("/");
  await page.getByLabel("phone").fill("0912345678");
  await page.getByRole("button").click();
  await expect(page.getByText("Try again later")).toBeVisible();
});
