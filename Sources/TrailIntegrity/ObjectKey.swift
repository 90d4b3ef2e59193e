package import CloudTrail

/// What the key of an object in a trail's bucket tells, from behind `AWSLogs/` on.
///
/// Keys: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html.
/// A bucket and what stands before `AWSLogs/` are not kept when it is downloaded, so that they are not compared.
package struct ObjectKey: Hashable, Sendable {
    /// `[o-…/]ACCOUNT/CloudTrail…/REGION/…`.
    package let suffix: ExactText
    /// `[o-…/]ACCOUNT`: in an organization's bucket each account has a tree of its own.
    package let owner: ExactText
    package let account: AccountID
    package let region: ExactText
    package let kind: Kind

    package enum Kind: Hashable, Sendable {
        /// A digest's folder.
        case digest
        /// A folder of log files: of events, of Insights, or of another kind that CloudTrail delivers.
        case log
    }

    /// Reads a key or a path; nil when it leads to nothing that CloudTrail delivers.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: 0x2F)
        func isOrganization(_ index: Int) -> Bool {
            index < parts.count && parts[index].starts(with: "o-".utf8)
        }
        func isAccount(_ index: Int) -> Bool {
            index < parts.count && AccountID(utf8: parts[index]) != nil
        }
        func isService(_ index: Int) -> Bool {
            index < parts.count && parts[index].starts(with: "CloudTrail".utf8)
        }
        var start: Int
        if let folder = parts.lastIndex(where: { $0.elementsEqual("AWSLogs".utf8) }) {
            start = folder + 1
        } else if let account = parts.indices.first(where: { isAccount($0) && isService($0 + 1) }) {
            start = account > 0 && isOrganization(account - 1) ? account - 1 : account
        } else {
            return nil
        }
        let first = start
        if isOrganization(start) { start += 1 }
        guard isAccount(start), isService(start + 1), start + 3 < parts.count,
            let account = AccountID(utf8: parts[start])
        else { return nil }
        self.account = account
        func words(_ range: ClosedRange<Int>) -> ExactText {
            let bytes = text.utf8[parts[range.lowerBound].startIndex..<parts[range.upperBound].endIndex]
            return ExactText(String(Substring(bytes)))
        }
        suffix = words(first...parts.count - 1)
        owner = words(first...start)
        region = words(start + 2...start + 2)
        kind = parts[start + 1].elementsEqual("CloudTrail-Digest".utf8) ? .digest : .log
    }

    /// The key of a file in a folder, of which another file has this key.
    fileprivate init(_ sibling: ObjectKey, name: some StringProtocol) {
        let folder = sibling.suffix.string.utf8
        let end = folder.lastIndex(of: 0x2F).map { folder.index(after: $0) } ?? folder.startIndex
        suffix = ExactText(String(sibling.suffix.string[..<end]) + name)
        (owner, account, region, kind) = (sibling.owner, sibling.account, sibling.region, sibling.kind)
    }

    /// The name of the file.
    var fileName: Substring {
        let text = suffix.string
        guard let slash = text.utf8.lastIndex(of: 0x2F) else { return text[...] }
        return text[text.utf8.index(after: slash)...]
    }

    /// When a log file was delivered, as its name tells it.
    ///
    /// `ACCOUNT_CloudTrail[-…]_REGION_YYYYMMDDTHHMMZ_ID.json.gz`; nil for any other name.
    var deliveryTime: EventTime? {
        fileName.utf8.split(separator: 0x5F, omittingEmptySubsequences: false).dropFirst(3).lazy
            .compactMap { part in
                part.count == 14 && part.last == 0x5A
                    ? EventTime(compact: part.dropLast() + [0x30, 0x30, 0x5A]) : nil
            }.first
    }
}

/// Reads keys one after the other: most are in the folder of the one before.
struct ObjectKeyReader {
    private var folder = ""
    private var key: ObjectKey?

    /// As `ObjectKey.init`.
    mutating func read(_ text: String) -> ObjectKey? {
        guard let slash = text.utf8.lastIndex(of: 0x2F) else { return ObjectKey(text) }
        let name = text[text.utf8.index(after: slash)...]
        if let key, !name.isEmpty, String(text[..<slash]).hasSameBytes(as: folder) {
            return ObjectKey(key, name: name)
        }
        key = ObjectKey(text)
        folder = String(text[..<slash])
        return key
    }
}

/// Whose digests, of which trail, and where: what has one chain of digests.
package struct ChainID: Hashable, Comparable, Sendable {
    /// `[o-…/]ACCOUNT`.
    package let owner: ExactText
    package let account: AccountID
    package let region: ExactText
    /// The trail's name.
    package let trail: ExactText
    package let homeRegion: ExactText
    /// Whether it is the chain of what was signed later than usual, which stands beside the other one.
    package let isBackfill: Bool

    package static func < (left: ChainID, right: ChainID) -> Bool {
        if left.owner != right.owner { return left.owner < right.owner }
        if left.region != right.region { return left.region < right.region }
        if left.trail != right.trail { return left.trail < right.trail }
        if left.homeRegion != right.homeRegion { return left.homeRegion < right.homeRegion }
        return !left.isBackfill && right.isBackfill
    }
}

/// What a digest's name tells:
/// `ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHMMSSZ[_backfill].json.gz`.
struct DigestName: Hashable {
    let chain: ChainID
    /// When the time that it covers ends.
    let end: EventTime

    init?(_ key: ObjectKey) {
        guard key.kind == .digest, key.fileName.utf8.reversed().starts(with: ".json.gz".utf8.reversed())
        else { return nil }
        var parts = key.fileName.utf8.dropLast(8).split(separator: 0x5F, omittingEmptySubsequences: false)
        let isBackfill = parts.last?.elementsEqual("backfill".utf8) ?? false
        if isBackfill { parts.removeLast() }
        guard parts.count >= 6, AccountID(utf8: parts[0]) == key.account,
            parts[1].elementsEqual("CloudTrail-Digest".utf8), let time = parts.last,
            let end = EventTime(compact: time)
        else { return nil }
        func text(_ part: Substring.UTF8View.SubSequence) -> ExactText { ExactText(String(Substring(part))) }
        chain = ChainID(
            owner: key.owner,
            account: key.account,
            region: key.region,
            trail: ExactText(parts[3..<parts.count - 2].map { text($0).string }.joined(separator: "_")),
            homeRegion: text(parts[parts.count - 2]),
            isBackfill: isBackfill
        )
        self.end = end
    }
}

extension EventTime {
    /// Reads `20261121T094015Z`; nil for anything else.
    init?(compact text: some Collection<UInt8>) {
        let text = Array(text)
        guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z") else {
            return nil
        }
        let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
        let date = text[0..<4] + [dash] + text[4..<6] + [dash] + text[6..<9]
        self.init(utf8: date + text[9..<11] + [colon] + text[11..<13] + [colon] + text[13..<16])
    }

    /// `20261121T094015Z`.
    var compact: String {
        String(description.unicodeScalars.filter { $0 != "-" && $0 != ":" }.map(Character.init))
    }
}
