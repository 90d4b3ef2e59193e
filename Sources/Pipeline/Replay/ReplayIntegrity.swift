package import Alerts
internal import CloudTrail
package import TrailArchive
package import TrailIntegrity

/// What the digests said of the files of a replay, and what was left out therefore.
package struct ReplayIntegrity: Sendable {
    /// All that verifying found.
    package let report: IntegrityReport
    /// Whether files are judged too that nothing proves.
    package let judgesAll: Bool
    /// The files of the replay, by what is known of them.
    package private(set) var files: [EvidenceStanding: Int] = [:]
    /// Files that were not judged.
    package private(set) var filesLeftOut = 0
    /// The records in them, with what cannot be read.
    package private(set) var recordsLeftOut = 0

    package init(_ report: IntegrityReport, judgesAll: Bool) {
        self.report = report
        self.judgesAll = judgesAll
    }

    /// What is known of a file.
    package func standing(of file: TrailFile) -> EvidenceStanding {
        switch report.standing(ofLog: file.path) {
        case .verified: .verified
        case .unproven: .unverified
        case .contradicted: .contradicted
        }
    }

    /// The file with the hash that it was verified by, so that no other bytes are judged in its name.
    package func sealed(_ file: TrailFile) -> TrailFile {
        guard case .verified(let digest) = report.standing(ofLog: file.path) else { return file }
        var file = file
        file.digest = digest
        return file
    }

    /// Whether a file's records are judged.
    package func judges(_ file: TrailFile) -> Bool { judgesAll || standing(of: file) == .verified }

    /// Counts a file, when all of it was read.
    package mutating func count(_ file: TrailFile) {
        files[standing(of: file), default: 0] += 1
        if !judges(file) { filesLeftOut += 1 }
    }

    /// Counts what a batch of a file holds that is not judged.
    package mutating func leaveOut(_ batch: DecodedBatch) {
        recordsLeftOut += batch.ignored
        for entry in batch.entries {
            switch entry {
            case .record: recordsLeftOut += 1
            case .lost(let lost): recordsLeftOut += lost.count
            }
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("files")
            json.object { json in
                json.member("verified", files[.verified] ?? 0)
                json.member("unverified", files[.unverified] ?? 0)
                json.member("contradicted", files[.contradicted] ?? 0)
            }
            json.key("left_out")
            json.object { json in
                json.member("files", filesLeftOut)
                json.member("records", recordsLeftOut)
            }
            json.member("findings", report.findings.count)
        }
    }
}
