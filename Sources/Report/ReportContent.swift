package import CloudTrail
package import Detection
package import Pipeline
package import TrailArchive

/// All that a report tells.
package struct ReportContent {
    /// A file that was read whole, and SHA-256 of its bytes; nil where it is none that can be read again.
    package struct HashedFile {
        let path: String
        let sha256: String?

        /// A file and its hash.
        package init(path: String, sha256: String?) { (self.path, self.sha256) = (path, sha256) }
    }

    /// amiwatch's version.
    package var version: String
    /// What was given on the command line, as it was given.
    package var paths: [String]
    package var since: EventTime?
    package var until: EventTime?
    /// The policy; nil when none was given.
    package var policy: Policy?
    /// The policy's own file, and those that it includes.
    package var policyFiles: [HashedFile] = []
    package var inventoryFiles: [HashedFile] = []
    package var listing: TrailListing
    package var notes: ReadingNotes
    package var report: ReplayReport
    package var chronicle: Chronicle
    /// How far the evidence of each finding is proven; nil when the logs were not verified.
    package var evidence: EvidenceLedger?

    /// What a replay came to, that is finished.
    package init(
        version: String,
        paths: [String],
        listing: TrailListing,
        notes: ReadingNotes,
        report: ReplayReport,
        chronicle: Chronicle
    ) {
        self.version = version
        self.paths = paths
        self.listing = listing
        self.notes = notes
        self.report = report
        self.chronicle = chronicle
    }
}
