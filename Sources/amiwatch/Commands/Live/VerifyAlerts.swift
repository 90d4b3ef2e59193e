import Alerts
import CloudTrail
import Configuration
import Glibc
import Cryptography
import Pipeline
import TrailArchive

extension Command {
    private static let publicKey = Option.value(
        "public-key",
        "FILE",
        "A public key in PEM (openssl pkey -in PRIVATE_KEY -pubout); repeat it after a change of keys",
        repeats: true
    )
    private static let topic = Option.value(
        "topic",
        "TOPIC",
        "The topic; by default that of the native alerts in the configuration"
    )
    private static let format = Option.choice("format", ["text", "json"], "How to print what is wrong")

    static let verifyAlerts = Command(
        "verify-alerts",
        "Check that alerts are signed, and that none is forged, missing or repeated",
        arguments: "[FILE...]",
        details:
            "Reads the alerts topic to its present end, beside running workers, or files with what 'kcat -C -J' printed "
            + "of it (- is standard input). Each alert must be signed by one of the keys over exactly its bytes, each "
            + "finding's revisions must follow each other, and no alert may come twice unless it is marked as "
            + "republished. Whether alerts are missing at the end nobody can tell from the topic alone: compare with "
            + "'amiwatch findings'. Of alerts in other formats than native the signatures alone are checked. Exit status 3 "
            + "when anything is wrong.",
        options: [LiveOptions.config, LiveOptions.bootstrapServers, publicKey, topic, format]
    ) { arguments in
        let files = arguments.all(publicKey)
        guard !files.isEmpty else {
            throw UsageError("--public-key is needed: the key that the alerts are signed with")
        }
        let keys = try files.map { try SignatureKeys.publicKey($0) }
        var verification = AlertVerification(keys: keys)
        var faults: [AlertVerification.Fault.Kind: Int] = [:]
        let isJSON = arguments[format] == "json"
        var origin = ""
        try OutputFile.standard { output in
            func take(_ message: AlertVerification.Message, from source: String) throws {
                for fault in verification.take(message) {
                    faults[fault.kind, default: 0] += 1
                    try output.line(isJSON ? fault.json(of: source) : Array(fault.text(of: source).utf8))
                }
            }
            if arguments.words.isEmpty {
                let (configuration, log) = try LiveOptions.readConfiguration(arguments)
                let name = arguments[topic] ?? configuration.topics.alerts
                let ends = try AlertReading.read(name, configuration, log: log) { try take($0, from: name) }
                origin = "read up to \(ends.joined(separator: " "))"
            } else {
                for path in arguments.words {
                    for message in try messages(of: path) { try take(message, from: path) }
                }
                origin = "read \(arguments.words.map(\.oneLine).joined(separator: ", "))"
            }
        }
        StandardError.line("amiwatch: \(summary(verification.counts, faults)); \(origin)")
        return faults.isEmpty ? .done : .found
    }

    /// The messages of a file, of each partition in order.
    private static func messages(of path: String) throws -> [AlertVerification.Message] {
        let bytes = try WholeFile.bytes(path)
        var messages: [AlertVerification.Message] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        where !line.isEmpty {
            guard let message = AlertVerification.Message(kcat: line) else {
                throw Failure(
                    "\(path):\(index + 1): no message as 'kcat -C -J -t TOPIC' prints it (with partition, offset, headers "
                        + "and payload)"
                )
            }
            messages.append(message)
        }
        return messages.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
    }

    private static func summary(
        _ counts: AlertVerification.Counts,
        _ faults: [AlertVerification.Fault.Kind: Int]
    ) -> String {
        var parts = [Numbers.count(counts.messages, "message")]
        for (id, count) in counts.genuine.sorted(by: { $0.key < $1.key }) {
            parts.append("\(Numbers.grouped(count)) signed by \(id.prefix(16))")
        }
        parts.append("\(Numbers.count(counts.findings, "finding")) followed")
        if counts.begunBefore > 0 {
            parts.append(
                "\(Numbers.grouped(counts.begunBefore)) of them from before the beginning of what is there"
            )
        }
        if counts.unfollowed > 0 {
            parts.append("\(Numbers.grouped(counts.unfollowed)) in another format than native")
        }
        let kinds = AlertVerification.Fault.Kind.allCases.compactMap { kind in
            faults[kind].map { "\(Numbers.grouped($0)) \(kind.rawValue)" }
        }
        parts.append(kinds.isEmpty ? "nothing is wrong" : "WRONG: \(kinds.joined(separator: ", "))")
        return parts.joined(separator: ", ")
    }
}

extension AlertVerification.Fault {
    fileprivate func text(of source: String) -> String {
        let about = finding.map { " (finding \($0))" } ?? ""
        return "\(source)[\(partition)]@\(offset): \(kind.rawValue): \(message)\(about)".oneLine
    }

    fileprivate func json(of source: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("fault", kind.rawValue)
            json.member("source", source)
            json.member("partition", Int(partition))
            json.member("offset", Int(offset))
            json.member("finding_id", finding)
            json.member("message", message)
        }
        return json.bytes
    }
}
