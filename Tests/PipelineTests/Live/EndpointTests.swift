import Configuration
import Foundation
import Glibc
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// What a worker serves over HTTP, asked by curl.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct EndpointTests {
    @Test("Every number of the balances is a metric, and the same at the end")
    func metricsAddUp() throws {
        let history = History(seed: 71, records: 600)
        let stage = try Stage()
        let folder = try TestFolder()
        let worker = try Worker(
            stage,
            ["--http", "127.0.0.1:0"],
            environment: [
                "AMIWATCH_STATE_SNAPSHOT_DIR": folder.path, "AMIWATCH_STATE_SNAPSHOT_INTERVAL_SECONDS": "1",
            ]
        )
        let endpoint = try ServedEndpoint(worker)
        try #require(becomes { endpoint.status("/readyz") == 200 }, "\(endpoint.body("/readyz"))")
        try stage.produce(history.events)
        try KafkaTestSupport.produce(
            (0..<5).map { TestMessage("{\"eventName\": \($0)", partition: 0) },
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        let wanted = history.events.count + 5
        let sum = "sum of outcomes"
        try #require(
            becomes {
                let metrics = endpoint.metrics()
                return metrics["amiwatch_records_read_total{stage=\"intake\"}"] == Double(wanted)
                    && metrics["amiwatch_records_read_total{stage=\"detector\"}"]
                        == metrics["amiwatch_records_total{stage=\"intake\",outcome=\"forwarded\"}"]
            },
            "\(endpoint.body("/metrics"))"
        )
        // What is committed in a pause follows the last record; librdkafka's statistics come every ten seconds.
        sleep(2)
        try #require(
            becomes { endpoint.body("/metrics").contains("amiwatch_kafka_rebalances_total{client=\"intake") }
        )
        try #require(becomes { endpoint.body("/metrics").contains("amiwatch_events_lag{") })
        try #require(becomes { endpoint.body("/metrics").contains("amiwatch_snapshot_bytes ") })
        let page = endpoint.body("/metrics")
        let metrics = endpoint.samples(page)
        worker.end()
        var expected: [String: Double] = [:]
        let intake = try totals("intake totals", worker)
        for outcome in ["ignored", "forwarded", "dead_lettered"] {
            expected["amiwatch_records_total{stage=\"intake\",outcome=\"\(outcome)\"}"] = intake[outcome]
        }
        expected["amiwatch_records_read_total{stage=\"intake\"}"] = intake["read"]
        let run = try totals("detector totals of this run", worker)
        let total = try totals("detector totals since the state was created", worker)
        for outcome in ["ignored", "applied", "duplicate", "dead_lettered"] {
            expected["amiwatch_records_total{stage=\"detector\",outcome=\"\(outcome)\"}"] = run[outcome]
            expected["amiwatch_state_records{outcome=\"\(outcome)\"}"] = total[outcome]
        }
        expected["amiwatch_records_read_total{stage=\"detector\"}"] = run["read"]
        expected["amiwatch_state_records{outcome=\"read\"}"] = total["read"]
        let stopped = try totals("stopped", worker)
        expected["amiwatch_alerts_total"] = stopped["alerts"]
        expected["amiwatch_restores_total"] = stopped["restores"]
        expected["amiwatch_transactions_total{outcome=\"aborted\"}"] = stopped["aborted"]
        expected["amiwatch_offsets_out_of_range_total"] = stopped["offsets_out_of_range"]
        for (name, value) in expected { #expect(metrics[name] == value, "\(name) \(sum)") }
        func added(_ name: String) -> Double {
            metrics.filter { $0.key.hasPrefix(name) }.values.reduce(0, +)
        }
        #expect(added("amiwatch_alerts_published_total{") == stopped["alerts"])
        #expect(added("amiwatch_dead_letters_total{") == 5)
        #expect(metrics["amiwatch_processing_delay_seconds_count{stage=\"detector\"}"] == run["read"])
        // Snapshots and the end have transactions of their own, that count no record.
        let committed = metrics["amiwatch_transactions_total{outcome=\"committed\"}"] ?? 0
        #expect(committed > 0 && committed <= stopped["transactions"] ?? 0)
        #expect(documentedMetrics() == Set(endpoint.names(in: page)).filter { !$0.hasPrefix("process_") })
        let open = try stage.findings().values.filter { $0.hasPrefix("open") }.count
        #expect(added("amiwatch_findings_open{") == Double(open))
    }

    @Test(
        "It is not ready two seconds after its broker froze, and ready again by itself; it is healthy all the time",
        .needsKafkaHome
    )
    func readiness() throws {
        let broker = try RealBroker()
        defer { broker.stop() }
        let stage = try Stage(on: broker)
        let worker = try Worker(stage, ["--http", "127.0.0.1:0"])
        let endpoint = try ServedEndpoint(worker)
        let early = endpoint.body("/readyz")
        try #require(becomes { endpoint.status("/readyz") == 200 }, "\(endpoint.body("/readyz"))")
        #expect(
            early == "ok\n" || early.contains("no partitions assigned yet")
                || early.contains("Kafka: no answer yet")
        )
        broker.pause(1)
        let frozen = timed { becomes { endpoint.status("/readyz") == 503 } }
        #expect(frozen.value)
        #expect(frozen.calm < .seconds(2), "\(frozen)")
        // The members' sessions may be over before the brokers have been silent for long enough.
        #expect(becomes { endpoint.body("/readyz").hasPrefix("Kafka: ") }, "\(endpoint.body("/readyz"))")
        #expect(endpoint.status("/healthz") == 200)
        #expect(endpoint.metrics()["amiwatch_ready"] == 0)
        sleep(3)
        broker.resume(1)
        try #require(becomes { endpoint.status("/readyz") == 200 }, "\(endpoint.body("/readyz"))")
        worker.end()
    }

    @Test("Beyond loopback a token or a client's certificate is wanted; health needs neither")
    func authentication() throws {
        let stage = try Stage()
        let folder = try TestFolder()
        let token = "0123456789abcdef0123456789abcdef"
        let authority = try Authority("authority", in: folder.path)
        let server = try authority.issue("server", host: "127.0.0.1")
        let client = try authority.issue("client")
        let stranger = try Authority("elsewhere", in: folder.path).issue("stranger")
        _ = try folder.write("token", token + "\n")
        let configuration = try folder.write(
            "amiwatch.yaml",
            """
            policy: \(Stage.folder)/policy.yaml
            http:
              listen: 0.0.0.0:0
              token_file: token
              certificate_file: \(server.certificate)
              key_file: \(server.key)
              client_ca_file: \(authority.certificate)
            """
        )
        let worker = try Worker(stage, configuration: configuration)
        let endpoint = try ServedEndpoint(
            worker,
            scheme: "https",
            options: ["--cacert", authority.certificate]
        )
        #expect(endpoint.status("/healthz") == 200)
        #expect(endpoint.status("/metrics") == 401)
        #expect(endpoint.status("/metrics", ["-H", "Authorization: Bearer \(token)"]) == 200)
        #expect(endpoint.status("/metrics", ["-H", "Authorization: Bearer \(token)0"]) == 401)
        #expect(endpoint.status("/metrics", ["-H", "Authorization: Basic \(token)"]) == 401)
        #expect(endpoint.status("/metrics", ["--cert", client.certificate, "--key", client.key]) == 200)
        #expect(endpoint.status("/metrics", ["--cert", stranger.certificate, "--key", stranger.key]) != 200)
        #expect(endpoint.status("/api/../metrics") == 401)
        #expect(
            endpoint.status(
                "/metrics",
                ["-H", "Authorization: Bearer \(token)", "-H", "Sec-Fetch-Site: cross-site"]
            ) == 403
        )
        #expect(!worker.lines.contains(token))
        worker.end()
    }

    @Test("A page whose name was made to point at loopback gets nothing")
    func rebinding() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage, ["--http", "127.0.0.1:0"])
        let endpoint = try ServedEndpoint(worker)
        #expect(endpoint.status("/metrics") == 200)
        #expect(endpoint.status("/metrics", ["-H", "Host: localhost:1"]) == 200)
        #expect(endpoint.status("/metrics", ["-H", "Host: attacker.example"]) == 421)
        #expect(endpoint.status("/metrics", ["-H", "Host: 127.0.0.1.attacker.example"]) == 421)
        #expect(endpoint.status("/metrics", ["-H", "Sec-Fetch-Site: same-site"]) == 403)
        #expect(endpoint.status("/etc/passwd") == 404)
        #expect(endpoint.status("/..%2f..%2fetc%2fpasswd") == 404)
        worker.end()
    }

    @Test("With 1,000 connections of hostile clients it is still scraped, and alerts are as fast")
    func hostileClients() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage, ["--http", "127.0.0.1:0"])
        let endpoint = try ServedEndpoint(worker)
        try #require(becomes { endpoint.status("/readyz") == 200 }, "\(endpoint.body("/readyz"))")
        let flow = try stage.flow(every: .milliseconds(30))
        defer { flow.end() }
        try expectAsFast(flow, beside: "1,000 hostile connections") {
            let crowd = try Crowd(of: 1000, port: endpoint.port)
            return {
                // At first their connections take all places; then the slow ones are cut off.
                #expect(becomes { endpoint.metrics()["amiwatch_ready"] == 1 }, "\(endpoint.body("/readyz"))")
                crowd.stop()
            }
        }
        #expect(endpoint.status("/healthz") == 200)
        worker.end()
    }

    @Test(
        "The API tells the findings of the same files; the page comes with a strict policy, and changes nothing"
    )
    func page() throws {
        let stage = try Stage()
        let sample = Worker.checkout + "/Deploy/sample"
        let policy = ["--policy", sample + "/policy.yaml"]
        let worker = try Worker(stage, policy + ["--http", "127.0.0.1:0", "--feed", sample + "/trail"])
        let endpoint = try ServedEndpoint(worker)
        let expected = try runCommand(
            [Worker.binary, "findings"] + policy + ["--format", "json", "--trail", sample + "/trail"]
        )
        func ids(_ text: some Sequence<Substring>) -> Set<String> {
            Set(text.flatMap { $0.matches(of: #/"finding_id":"([0-9a-f]{64})"/#).map { String($0.1) } })
        }
        let wanted = ids(expected.output.split(separator: "\n"))
        try #require(wanted.count > 10)
        var body = ""
        #expect(
            becomes {
                body = endpoint.body("/api/findings?limit=500")
                return ids([body[...]]) == wanted
            },
            "\(body)"
        )
        let head = endpoint.body("/", ["-I", "-X", "GET"])
        #expect(head.contains("script-src 'self'; style-src 'self'") && !head.contains("unsafe-inline"))
        #expect(endpoint.status("/page/page.js") == 200 && endpoint.status("/page/../secret") == 404)
        #expect(endpoint.status("/api/status") == 200 && endpoint.status("/api/nothing") == 404)
        #expect(endpoint.status("/api/findings?limit=0") == 400)
        #expect(endpoint.status("/api/findings", ["-X", "POST"]) != 200)
        #expect(endpoint.status("/api/findings", ["-H", "Sec-Fetch-Site: cross-site"]) == 403)
        worker.end(within: .seconds(20))
    }

    @Test("Beside somebody who asks for everything as often as he can, alerts are as fast")
    func curious() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage, ["--http", "127.0.0.1:0"])
        let endpoint = try ServedEndpoint(worker)
        try #require(becomes { endpoint.status("/readyz") == 200 }, "\(endpoint.body("/readyz"))")
        let flow = try stage.flow(every: .milliseconds(30))
        defer { flow.end() }
        let addresses = ["posture", "shares", "findings?limit=500", "search?q=ami-0", "alerts"].map {
            "\(endpoint.base)/api/\($0)"
        }
        let questions = addresses.map { "'\($0)' -o /dev/null" }.joined(separator: " ")
        try expectAsFast(flow, beside: "one who asks for everything") {
            let asking = try ChildProcess(
                ["/bin/bash", "-c", "while :; do /usr/bin/curl -s \(questions); done"]
            )
            return {
                asking.signal(SIGKILL)
                _ = asking.wait(timeout: patience)
            }
        }
        worker.end()
    }

    /// Expects alerts to be as fast beside something as without it, in turn: what else the machine does meets both.
    ///
    /// The closure begins it, and returns what ends it.
    private func expectAsFast(
        _ flow: AlertFlow,
        beside name: String,
        _ begin: () throws -> () -> Void
    ) throws {
        var (calm, beside): ([Duration], [Duration]) = ([], [])
        for _ in 0..<4 {
            // The first ones meet what has just begun, or not quite ended.
            _ = try flow.delays(ofNext: 5)
            calm += try flow.delays(ofNext: 25)
            let end = try begin()
            defer { end() }
            beside += try flow.delays(ofNext: 25)
        }
        let (usual, middle) = (calm.sorted()[calm.count / 2], beside.sorted()[beside.count / 2])
        print("latency beside \(name): \(middle / usual) of \(usual)")
        #expect(middle < max(usual * 2, .milliseconds(100)))
    }

    /// The names that the documentation tells.
    private func documentedMetrics() -> Set<String> {
        let path = Worker.checkout + "/Sources/Detection/Detection.docc/Metrics.md"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return Set(text.matches(of: #/(?m)^\| `(amiwatch_[a-z_]+)/#).map { String($0.1) })
    }

    /// The numbers of a line of the log.
    private func totals(_ message: String, _ worker: Worker) throws -> [String: Double] {
        let line = try #require(
            worker.lines.split(separator: "\n").last { $0.contains("\"message\":\"\(message)\"") },
            "\(worker.lines)"
        )
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return try #require(object).compactMapValues { ($0 as? NSNumber)?.doubleValue }
    }
}
