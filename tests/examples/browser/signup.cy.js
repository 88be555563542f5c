// Cypress, against a fake that runs beside it. `cy.request` fails the test at a 404.
const FAKE = "http://127.0.0.1:8021/fake";

beforeEach(() => {
  cy.request("POST", `${FAKE}/reset`);
});

it("a code that was texted signs up", () => {
  cy.visit("/");
  cy.get("[name=phone]").type("0912345678");
  cy.get("button").click();

  cy.request({
    url: `${FAKE}/messages/latest`,
    qs: { to: "0912345678", wait_seconds: 5 }, // a 404 if none has come within 5 seconds
  })
    .its("body.code")
    .then((code) => cy.get("[name=code]").type(code));
  cy.get("button").click();
  cy.contains("Welcome");
});
