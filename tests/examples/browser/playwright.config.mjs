import { defineConfig } from "@playwright/test";

const url = `http://127.0.0.1:${process.env.PORT ?? 3000}/`;

export default defineConfig({
  timeout: 120_000, // for machines that are busy with other tests
  expect: { timeout: 20_000 },
  use: { baseURL: url, launchOptions: { executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] } },
  webServer: { command: "node app.mjs", url },
});
