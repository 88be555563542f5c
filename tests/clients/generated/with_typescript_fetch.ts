// What openapi-generator's typescript-fetch makes of the description, used.

import {
  AccountsApi,
  Configuration,
  type ErrorResponse,
  ErrorResponseFromJSON,
  FailureKind,
  FailureOperation,
  FailuresApi,
  FakeApi,
  MessagesApi,
  type NewAccount,
  OutcomeStatus,
  ResponseError,
  Status,
} from "./client";

declare const process: { env: { FAKE: string; TOKEN: string } };

const show = (...seen: unknown[]) => console.log(JSON.stringify(seen));

async function refused(call: Promise<unknown>): Promise<[number, ErrorResponse]> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return [error.response.status, ErrorResponseFromJSON(await error.response.json())];
  }
  throw new Error("it was not refused");
}

async function main() {
  const configuration = new Configuration({ basePath: process.env.FAKE, accessToken: process.env.TOKEN });
  const accounts = new AccountsApi(configuration);
  const failures = new FailuresApi(configuration);
  const messages = new MessagesApi(configuration);

  const shop: NewAccount = { userId: "shop", password: "s3cret", credit: 12.5 };
  const account = await accounts.addAccount({ newAccount: shop });
  show(account.userId, account.credit, account.reportUrl);

  const found = await messages.listMessages({ to: "0912345678", status: Status.SENT, count: 1, waitSeconds: 5 });
  const [message] = found.messages;
  show(message.code, message.status, message.cost, message.bookedFor, message.sentAt!.getTime() / 1000);

  const newFailure = { operation: FailureOperation.ANY, kind: FailureKind.HTTP_ERROR, times: null };
  const failure = await failures.addFailure({ newFailure });
  show(failure.operation, failure.kind, failure.status, failure.times);

  const newOutcome = { to: "0987654321", status: OutcomeStatus.NO_SUCH_NUMBER };
  const outcome = await messages.setOutcome({ newOutcome });
  show(outcome.to, outcome.status, outcome.afterSeconds);

  const [missing, { error: none }] = await refused(messages.getMessage({ messageId: 999 }));
  show(missing, none.code, none.reason);

  const [twice, { error: taken }] = await refused(accounts.addAccount({ newAccount: shop }));
  show(twice, taken.code, taken.reason);

  const senseless = { operation: FailureOperation.GET_CREDIT, kind: FailureKind.DISCONNECT, to: "0912345678" };
  const [wrong, { error: invalid }] = await refused(failures.addFailure({ newFailure: senseless }));
  show(wrong, invalid.code, invalid.field);

  await new FakeApi(configuration).reset();
}

main();
