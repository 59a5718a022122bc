-- What wrk asks the registry for: lists of several people by several filters, and now and then a write.
--
-- WRITES=n makes one request in n a write (0: none). ONLY=path asks any service for that path alone, of the host HOST.

local people = { "root", "ada", "grace", "joan" }
local paths = {
    "/tools", "/tools?tags=rare-7", "/tools?tags=rare-7,rare-42", "/tools?team=analysts", "/tools?visibility=public&limit=100",
    "/prompts", "/resources", "/agents", "/servers", "/gateways",
}
local every = tonumber(os.getenv("WRITES") or "0")
local only, host = os.getenv("ONLY"), os.getenv("HOST")
local sent = 0

request = function()
    if only then
        return wrk.format("GET", only, { Host = host ~= "" and host or nil, ["Remote-User"] = "root" })
    end
    sent = sent + 1
    local headers = { ["Remote-User"] = people[sent % #people + 1] }
    if every > 0 and sent % every == 0 then
        headers["Remote-User"] = "root"
        headers["Content-Type"] = "application/json"
        return wrk.format("PATCH", "/tools/2", headers, '{"description":"written ' .. sent .. '"}')
    end
    return wrk.format("GET", paths[math.random(#paths)], headers)
end

done = function(summary, latency)
    local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status
        + summary.errors.timeout
    io.write(string.format("@@ %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), failed))
end
