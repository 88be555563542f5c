// What openapi-typescript makes of the description, used with openapi-fetch.

import createClient from "openapi-fetch";
import type { components, paths } from "./client";

declare const process: { env: { FAKE: string; TOKEN: string } };

const show = (...seen: unknown[]) => console.log(JSON.stringify(seen));

async function main() {
  const headers = { Authorization: `Bearer ${process.env.TOKEN}` };
  const fake = createClient<paths>({ baseUrl: process.env.FAKE, headers });

  const shop: components["schemas"]["NewAccount"] = { user_id: "shop", password: "s3cret", credit: 12.5 };
  const { data: account } = await fake.POST("/fake/accounts", { body: shop });
  show(account!.user_id, account!.credit, account!.report_url);

  const { data: found } = await fake.GET("/fake/messages", {
    params: { query: { to: "0912345678", status: 0, count: 1, wait_seconds: 5 } },
  });
  const [message] = found!.messages;
  show(message.code, message.status, message.cost, message.booked_for, Date.parse(message.sent_at!) / 1000);

  const { data: failure } = await fake.POST("/fake/failures", {
    body: { operation: "*", kind: "http_error", times: null },
  });
  show(failure!.operation, failure!.kind, failure!.status, failure!.times);

  const { data: outcome } = await fake.POST("/fake/outcomes", { body: { to: "0987654321", status: 103 } });
  show(outcome!.to, outcome!.status, outcome!.after_seconds);

  const missing = await fake.GET("/fake/messages/{message_id}", { params: { path: { message_id: 999 } } });
  show(missing.response.status, missing.error!.error.code, missing.error!.error.reason);

  const twice = await fake.POST("/fake/accounts", { body: shop });
  show(twice.response.status, twice.error!.error.code, twice.error!.error.reason);

  const wrong = await fake.POST("/fake/failures", {
    body: { operation: "getCredit", kind: "disconnect", to: "0912345678" },
  });
  show(wrong.response.status, wrong.error!.error.code, wrong.error!.error.field);

  await fake.POST("/fake/reset");
}

main();
