// What openapi-generator's java makes of the description, used.

import java.math.BigDecimal;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountsApi;
import org.openapitools.client.api.FailuresApi;
import org.openapitools.client.api.FakeApi;
import org.openapitools.client.api.MessagesApi;
import org.openapitools.client.model.ErrorDetails;
import org.openapitools.client.model.ErrorResponse;
import org.openapitools.client.model.FailureKind;
import org.openapitools.client.model.FailureOperation;
import org.openapitools.client.model.NewAccount;
import org.openapitools.client.model.NewFailure;
import org.openapitools.client.model.NewOutcome;
import org.openapitools.client.model.OutcomeStatus;
import org.openapitools.client.model.Reset;
import org.openapitools.client.model.Status;

class WithJava {
    static final ApiClient CLIENT = new ApiClient();

    interface Call {
        void make() throws ApiException;
    }

    static void show(Object... seen) throws Exception {
        System.out.println(CLIENT.getObjectMapper().writeValueAsString(seen));
    }

    static ApiException refused(Call call) {
        try {
            call.make();
        } catch (ApiException error) {
            return error;
        }
        throw new AssertionError("it was not refused");
    }

    static ErrorDetails details(ApiException error) throws Exception {
        return CLIENT.getObjectMapper().readValue(error.getResponseBody(), ErrorResponse.class).getError();
    }

    public static void main(String... arguments) throws Exception {
        CLIENT.updateBaseUri(System.getenv("FAKE"));
        CLIENT.setRequestInterceptor(
            request -> request.header("Authorization", "Bearer " + System.getenv("TOKEN")));
        var accounts = new AccountsApi(CLIENT);
        var failures = new FailuresApi(CLIENT);
        var messages = new MessagesApi(CLIENT);

        var shop = new NewAccount().userId("shop").password("s3cret").credit(new BigDecimal("12.5"));
        var account = accounts.addAccount(shop);
        show(account.getUserId(), account.getCredit(), account.getReportUrl());

        var wanted = MessagesApi.APIListMessagesRequest.newBuilder()
            .to("0912345678")
            .status(Status.SENT)
            .count(1)
            .waitSeconds(BigDecimal.valueOf(5))
            .build();
        var message = messages.listMessages(wanted).getMessages().get(0);
        show(
            message.getCode(), message.getStatus(), message.getCost(), message.getBookedFor(),
            message.getSentAt().toEpochSecond());

        var busy = new NewFailure().operation(FailureOperation.ANY).kind(FailureKind.HTTP_ERROR).every(1);
        var failure = failures.addFailure(busy);
        show(failure.getOperation(), failure.getKind(), failure.getStatus(), failure.getTimes());

        var ending = new NewOutcome()
            .to("0987654321").status(OutcomeStatus.NO_SUCH_NUMBER);
        var outcome = messages.setOutcome(ending);
        show(outcome.getTo(), outcome.getStatus(), outcome.getAfterSeconds());

        var missing = refused(() -> messages.getMessage(999, null));
        show(missing.getCode(), details(missing).getCode(), details(missing).getReason());

        var twice = refused(() -> accounts.addAccount(shop));
        show(twice.getCode(), details(twice).getCode(), details(twice).getReason());

        var senseless = new NewFailure()
            .operation(FailureOperation.GET_CREDIT).kind(FailureKind.DISCONNECT).to("0912345678");
        var wrong = refused(() -> failures.addFailure(senseless));
        show(wrong.getCode(), details(wrong).getCode(), details(wrong).getField());

        new FakeApi(CLIENT).reset(new Reset());
    }
}
