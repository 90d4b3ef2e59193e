import Detection
import Glibc
import Cryptography
import Pipeline
import Report
import TrailArchive

/// The file of `replay --report`, and what is noted for it while files are read.
struct ReplayReportFile {
    var notes: ReadingNotes
    private let options: ReplayOptions
    private let output: OutputFile
    private let policyFiles: [ReportContent.HashedFile]
    private let inventoryFiles: [ReportContent.HashedFile]

    /// Opens it, so that what cannot be written is told before the work begins.
    init(path: String, _ options: ReplayOptions) throws {
        self.options = options
        notes = ReadingNotes(until: options.until)
        policyFiles = try options.policy.files.map(Self.hashed)
        inventoryFiles = try options.inventory.files.map(Self.hashed)
        output = try OutputFile(path: path)
    }

    private static func hashed(_ path: String) throws -> ReportContent.HashedFile {
        // A pipe has been read already, and gives nothing a second time.
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return ReportContent.HashedFile(path: path, sha256: nil)
        }
        let hash = try WholeFile.bytes(path).withUnsafeBytes { SHA256.hex(of: $0) }
        return ReportContent.HashedFile(path: path, sha256: hash)
    }

    /// Writes what a finished replay came to.
    func write(
        _ listing: TrailListing,
        _ report: ReplayReport,
        _ replay: borrowing Replay,
        _ evidence: EvidenceLedger?
    ) throws {
        var content = ReportContent(
            version: Version.text,
            paths: options.paths,
            listing: listing,
            notes: notes,
            report: report,
            chronicle: replay.engine.chronicle(of: report.findings.map(\.finding))
        )
        content.since = options.since
        content.until = options.until
        content.policy = options.hasPolicy ? options.policy : nil
        content.evidence = evidence
        content.policyFiles = policyFiles
        content.inventoryFiles = inventoryFiles
        try output.write(ReportPage(content).html())
        try output.close()
    }
}
