-- What wrk sends: the file that BODY names, of the media type TYPE, to sendSMS. At its end it
-- writes a line of JSON: responses, microseconds, and what went wrong.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = os.getenv("TYPE")
wrk.headers["SOAPAction"] = '"http://tempuri.org/sendSMS"'

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local line = '{"responses": %d, "microseconds": %d, "failed": %d}\n'
  io.write(line:format(summary.requests, summary.duration, failed))
end
