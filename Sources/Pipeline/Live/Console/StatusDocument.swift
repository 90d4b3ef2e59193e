import Alerts
import CloudTrail
import Configuration
import Detection
import Kafka

/// How a run gets on, as JSON: what the board has.
struct StatusDocument: Sendable {
    private let configuration: RunConfiguration
    private let accountPartitions: Int
    private let started = HostClock.milliseconds
    private var progress: ProgressLine
    private var fields: RunLog.Fields = [:]
    private var measured: ContinuousClock.Instant?

    /// Rates are of so long a time at least, whoever asks in between.
    private static let rateTime = Duration.seconds(2)

    init(_ configuration: RunConfiguration, _ accountPartitions: Int) {
        (self.configuration, self.accountPartitions) = (configuration, accountPartitions)
        progress = ProgressLine(configuration)
    }

    mutating func json(_ board: RunBoard) -> [UInt8] {
        if measured.map({ .now - $0 >= Self.rateTime }) ?? true {
            fields = progress.fields(board, board.groups)
            measured = .now
        }
        let report = board.detectorReport
        let obstacles = Readiness(board, configuration).obstacles
        let waits = ["intake", "detector"].compactMap { role in board.waiting(of: role).map { (role, $0) } }
        var json = JSONWriter()
        json.object { json in
            json.member("schema", "amiwatch.status/1")
            json.member("instance_id", configuration.instanceID)
            json.member("version", Product.version)
            json.member("time", EventTime.text(milliseconds: HostClock.milliseconds))
            json.member("started", EventTime.text(milliseconds: started))
            json.member("group_id", configuration.groupID)
            json.key("roles")
            json.array { json in
                for role in configuration.roles.map(\.rawValue).sorted() { json.string(role) }
            }
            let policy = board.detectorMetrics.policyHash
            json.member("policy", policy.isEmpty ? nil : policy)
            json.key("not_ready")
            json.array { json in for line in obstacles { json.string(line) } }
            json.member("detector", board.detectorActivity)
            ConsoleDocuments.write((report.partitions, accountPartitions), &json)
            json.key("lag")
            json.array { json in for group in board.groups { Self.write(group, &json) } }
            json.key("waiting")
            json.array { json in
                for (role, waiting) in waits {
                    json.object { json in
                        json.member("role", role)
                        json.member("cause", waiting.cause)
                        json.member("seconds", waiting.since.seconds)
                    }
                }
            }
            json.member("refused_writes", board.refusedWrites)
            json.key("intake")
            json.object { json in Self.write(board.intakeBalance, &json) }
            json.key("run")
            json.object { json in Self.write(report.run, &json) }
            json.key("total")
            json.object { json in Self.write(report.total, &json) }
            json.key("open")
            json.object { json in OpenCounts(board.detectorMetrics.openFindings).write(to: &json) }
            json.member("alerts", report.alerts)
            json.member("transactions", report.transactions)
            json.member("aborted", report.aborted)
            json.member("restores", report.restores)
            json.member("restored_entries", report.restoredEntries)
            json.member("offsets_out_of_range", report.offsetsOutOfRange)
            json.key("progress")
            json.object { json in fields.write(to: &json) }
        }
        return json.bytes
    }

    private static func write(_ group: GroupLook, _ json: inout JSONWriter) {
        json.object { json in
            json.member("group_id", group.group)
            json.member("reads", group.name)
            json.member("lag", group.lag)
            json.key("partitions")
            json.array { json in
                let behind = group.standings.sorted { ($1.value.lag, $0.key) < ($0.value.lag, $1.key) }
                for (partition, standing) in behind.prefix(50) {
                    json.object { json in
                        json.member("name", partition.name)
                        json.member("lag", standing.lag)
                        json.member("committed", Int(standing.committed))
                        json.member("end", Int(standing.end))
                    }
                }
            }
        }
    }

    private static func write(_ balance: IntakeBalance, _ json: inout JSONWriter) {
        json.member("read", balance.read)
        json.member("ignored", balance.ignored)
        json.member("forwarded", balance.forwarded)
        json.member("dead_lettered", balance.deadLettered)
    }

    private static func write(_ balance: DetectorBalance, _ json: inout JSONWriter) {
        json.member("read", balance.read)
        json.member("ignored", balance.ignored)
        json.member("applied", balance.applied)
        json.member("duplicate", balance.duplicate)
        json.member("dead_lettered", balance.deadLettered)
    }
}
