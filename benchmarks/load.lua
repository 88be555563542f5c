-- A POST of the file that BODY names, with the headers of HEADERS, a line each. At its end, wrk
-- writes a line of JSON: the responses, the microseconds that they took, and how many failed.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
for name, value in os.getenv("HEADERS"):gmatch("([^:\n]+): ([^\n]+)") do
  wrk.headers[name] = value
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local line = '{"responses": %d, "microseconds": %d, "failed": %d}\n'
  io.write(line:format(summary.requests, summary.duration, failed))
end
