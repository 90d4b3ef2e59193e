/// Findings in calls of `BatchImportFindings`: `{"Findings":[…]}`, each of at most 100 findings of one account and Region.
struct ASFFBatches {
    private struct Place: Hashable {
        let account: String
        let region: String
    }

    private struct Batch {
        var lines: [[UInt8]] = []
        var findings: Set<String> = []

        var line: [UInt8] {
            Array(#"{"Findings":["#.utf8) + Array(lines.joined(separator: [0x2C])) + Array("]}".utf8)
        }
    }

    private static let findingsAtMost = 100
    private var batches: [Place: Batch] = [:]

    /// Takes a finding, and gives the batch that is done: of one finding no batch has two alerts, for nobody says which
    /// of them would count.
    mutating func add(_ line: [UInt8], of alert: CommonAlert) -> [[UInt8]] {
        let place = Place(account: alert.account, region: alert.homeRegion)
        var batch = batches[place] ?? Batch()
        var done: [[UInt8]] = []
        if batch.lines.count == Self.findingsAtMost || batch.findings.contains(alert.findingID) {
            done = [batch.line]
            batch = Batch()
        }
        batch.lines.append(line)
        batch.findings.insert(alert.findingID)
        batches[place] = batch
        return done
    }

    /// The batches that are not full, by account and Region.
    mutating func finish() -> [[UInt8]] {
        defer { batches = [:] }
        return batches.sorted { ($0.key.account, $0.key.region) < ($1.key.account, $1.key.region) }
            .map(\.value.line)
    }
}
