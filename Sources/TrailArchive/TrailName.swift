package import CloudTrail

/// What the name of a CloudTrail log file tells, and what the folders above it tell.
///
/// Names: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html,
/// "CloudTrail log file name format"; folders: "Finding your CloudTrail log files".
package struct TrailName: Hashable, Sendable {
    /// Whose records the file holds.
    package let account: AccountID
    /// The Region in which they were recorded.
    package let region: ExactText
    /// When CloudTrail delivered the file, to the minute.
    package let time: EventTime

    /// Reads `<account>_CloudTrail_<region>_<yyyymmddThhmmZ>_<id>.json.gz`; nil for any other name.
    package init?(fileName: some StringProtocol) {
        let parts = fileName.utf8.split(separator: 0x5F, omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[1].elementsEqual("CloudTrail".utf8),
            let account = AccountID(utf8: parts[0]), let time = Self.time(parts[3])
        else { return nil }
        self.account = account
        region = ExactText(String(decoding: parts[2], as: UTF8.self))
        self.time = time
    }

    /// Reads `20261121T0940Z`.
    private static func time(_ text: some Collection<UInt8>) -> EventTime? {
        let text = Array(text)
        guard text.count == 14, text[8] == UInt8(ascii: "T"), text[13] == UInt8(ascii: "Z") else {
            return nil
        }
        let dash = UInt8(ascii: "-")
        let colon = UInt8(ascii: ":")
        let date = text[0..<4] + [dash] + text[4..<6] + [dash] + text[6..<9]
        return EventTime(utf8: date + text[9..<11] + [colon] + text[11..<13] + [colon, 0x30, 0x30, 0x5A])
    }

    /// Why a file in an S3 bucket's tree is no trail file, by its folders and its name; nil when it may be one.
    ///
    /// `AWSLogs/<account>/<service>/…`, and for an organization's trail `AWSLogs/o-…/<account>/<service>/…`.
    static func foreignService(path: String, isFolder: Bool) -> String? {
        let parts = path.utf8.split(separator: 0x2F).map { ExactText(String(Substring($0))) }
        if parts.contains("CloudTrail-Digest") || parts.last.map(isDigest) == true {
            return "a digest, which holds no records"
        }
        guard var at = parts.lastIndex(of: "AWSLogs") else { return nil }
        at += 1
        if at < parts.count, parts[at].string.hasBytes(prefix: "o-") { at += 1 }
        guard at + 1 < parts.count, AccountID(parts[at].string) != nil,
            !parts[at + 1].string.hasBytes(prefix: "CloudTrail"), isFolder || at + 2 < parts.count
        else { return nil }
        return "a log of \(parts[at + 1]), not of CloudTrail"
    }

    /// `<account>_CloudTrail-Digest_<region>_…`.
    private static func isDigest(_ name: ExactText) -> Bool {
        name.string.utf8.split(separator: 0x5F, omittingEmptySubsequences: false).dropFirst().dropLast()
            .contains { $0.elementsEqual("CloudTrail-Digest".utf8) }
    }
}
