import Foundation
import KafkaTestSupport
import TestSupport

/// What the workers told, compared with what a replay of the same records finds.
struct Verdict {
    /// Findings that the alerts leave in another form than the replay, or not at all.
    private(set) var lost: [String] = []
    /// Alerts whose id had come before.
    private(set) var twice: [String] = []
    /// Findings whose alerts cannot follow each other so.
    private(set) var illegal: [String] = []
    /// Whatever else does not add up.
    private(set) var other: [String] = []
    private(set) var alerts = 0
    private(set) var findings = 0

    private let scene: Scene
    private let wanted: Wanted

    /// What a replay of the records finds.
    struct Wanted {
        /// The final form of each finding, as the program prints it, by id.
        let findings: [String: String]
        /// Records of watched calls, each once.
        let applied: Int
    }

    init(_ scene: Scene, _ wanted: Wanted) { (self.scene, self.wanted) = (scene, wanted) }

    /// Replays records.
    static func replay(_ messages: Messages, in scene: Scene) throws -> Wanted {
        let (records, found) = (scene.folder + "/records.jsonl", scene.folder + "/wanted.jsonl")
        try Data(messages.history.events.map(\.json).joined(separator: "\n").utf8)
            .write(to: URL(fileURLWithPath: records))
        let summary = scene.folder + "/replay.json"
        try scene.run([
            "replay", records, "--policy", scene.policy, "--findings", "--output", found, "--summary",
            summary,
        ])
        let text = try String(contentsOfFile: summary, encoding: .utf8)
        guard let applied = object(of: text)?["applied"] as? Int else {
            throw ChaosError(description: "no balance in \(text)")
        }
        return Wanted(
            findings: byID(try String(contentsOfFile: found, encoding: .utf8)),
            applied: applied
        )
    }

    private static func byID(_ lines: String) -> [String: String] {
        let pairs = lines.split(separator: "\n").compactMap { line in
            (object(of: line)?["finding_id"] as? String).map { ($0, String(line)) }
        }
        return Dictionary(pairs) { $1 }
    }

    var isSound: Bool { lost.isEmpty && twice.isEmpty && illegal.isEmpty && other.isEmpty }

    mutating func complain(_ texts: [String]) { other += texts }

    /// Reads the alerts, and judges what they say.
    mutating func judgeAlerts() throws {
        (lost, twice, illegal) = ([], [], [])
        let told = try readAll("amiwatch.alerts", at: scene.cluster.bootstrapServers, timeout: patience * 2)
            .flatMap { try Told.all(in: $0) }
        alerts = told.count
        var seen: Set<String> = []
        twice = told.filter { !seen.insert($0.alert).inserted }.map(\.alert)
        let lives = Dictionary(grouping: told, by: \.finding)
        findings = lives.count
        var last: [String: String] = [:]
        for (finding, alerts) in lives {
            if let fault = Life(alerts: alerts).fault { illegal.append("\(finding): \(fault)") }
            guard let end = alerts.max(by: { $0.revision < $1.revision }), end.status != "retracted" else {
                continue
            }
            last[finding] = end.form
        }
        lost = differences(last, wanted.findings.compactMapValues { object(of: $0).map(finalForm(of:)) })
    }

    /// Reads the state and the table of findings, and judges them.
    mutating func judgeState() throws {
        let printed = try scene.run([
            "findings", "--config", scene.configuration, "--all", "--format", "json",
        ])
        if printed.errors.contains("about to change") {
            other.append("workers have not said all: \(printed.errors)")
        }
        let kept = Self.byID(printed.output).filter {
            object(of: $0.value)?["status"] as? String != "retracted"
        }
        other += differences(kept, wanted.findings).map { "state: \($0)" }

        let rows = try readAll("amiwatch.findings", at: scene.cluster.bootstrapServers, timeout: patience * 2)
        let table = Dictionary(rows.map { ($0.key ?? "", $0.value) }) { $1 }
            .compactMapValues { $0.flatMap { object(of: $0) } }
            .filter { $0.value["status"] as? String != "retracted" }
        other += differences(
            table.mapValues(finalForm(of:)),
            wanted.findings.compactMapValues { object(of: $0).map(finalForm(of:)) }
        ).map { "table of findings: \($0)" }
    }

    /// What could not be read lies in the dead letters, and nothing else.
    mutating func judgeDeadLetters(_ unreadable: Set<String>) throws {
        let letters = try readAll("amiwatch.deadletters", at: scene.cluster.bootstrapServers)
            .compactMap { $0.value.flatMap { object(of: $0) } }
        let found = Set(letters.compactMap { $0["sha256"] as? String })
        other += unreadable.subtracting(found).map { "no dead letter of \($0)" }
        other += letters.filter { !unreadable.contains($0["sha256"] as? String ?? "") }
            .map { "dead letter: \($0["reason"] ?? ""), \($0["excerpt"] ?? "")" }
    }

    /// Every worker that ended in order can say what became of each record.
    mutating func judgeBalances() {
        for worker in scene.workers {
            for (words, parts) in [
                ("intake totals", ["ignored", "forwarded", "dead_lettered"]),
                ("detector totals", ["ignored", "applied", "duplicate", "dead_lettered"]),
            ] {
                for line in worker.lines(with: words) {
                    let sum = parts.reduce(0) { $0 + (line[$1] as? Int ?? -1) }
                    if line["read"] as? Int != sum { other.append("\(worker.name): \(line)") }
                }
            }
        }
    }

    /// What all have read since the state was created is what was produced.
    mutating func judgeTotals(of worker: ChaosWorker) {
        guard let total = worker.lines(with: "since the state was created").last else {
            other.append("worker \(worker.name) has told no totals")
            return
        }
        if total["applied"] as? Int != wanted.applied {
            other.append("\(total["applied"] ?? "none") records applied, and \(wanted.applied) by the replay")
        }
        if total["dead_lettered"] as? Int != 0 { other.append("dead letters of detectors: \(total)") }
    }

    private func differences(_ found: [String: String], _ wanted: [String: String]) -> [String] {
        Set(found.keys).union(wanted.keys).filter { found[$0] != wanted[$0] }.sorted().map {
            "\($0): found \(found[$0] ?? "nothing"), wanted \(wanted[$0] ?? "nothing")"
        }
    }
}
