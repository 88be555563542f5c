require "net/http"
puts Net::HTTP.get(URI(ENV["SMS_URL"] + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"))
