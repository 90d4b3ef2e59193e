package import CloudTrail

/// Something that is not as CloudTrail left it, or that nothing vouches for though something should.
package struct IntegrityFinding: Hashable, Sendable {
    /// What it is; the word stays the same in later versions.
    package enum Kind: String, CaseIterable, Sendable {
        case digestAltered = "digest-altered"
        case digestDamaged = "digest-damaged"
        case digestTrailingBytes = "digest-trailing-bytes"
        case digestUnreadable = "digest-unreadable"
        case digestMoved = "digest-moved"
        case digestAdded = "digest-added"
        case digestMissing = "digest-missing"
        case digestsAbsent = "digests-absent"
        case digestsOverlap = "digests-overlap"
        case digestsApart = "digests-apart"
        case digestTimesWrong = "digest-times-wrong"
        case keyUnknown = "key-unknown"
        case keyOutsideValidity = "key-outside-validity"
        case algorithmUnknown = "algorithm-unknown"
        case metadataSignatureWrong = "metadata-signature-wrong"
        case metadataIncomplete = "metadata-incomplete"
        case logAltered = "log-altered"
        case logDamaged = "log-damaged"
        case logTrailingBytes = "log-trailing-bytes"
        case logUnreadable = "log-unreadable"
        case logMissing = "log-missing"
        case logMoved = "log-moved"
        case logUnnamed = "log-unnamed"
    }

    package let kind: Kind
    package let owner: ExactText
    package let account: AccountID
    package let region: ExactText
    /// The trail of the digest; nil where none is known, as of a log file that no digest names.
    package let trail: ExactText?
    /// Where it lies; of what is missing, the key that it should have.
    package let path: String
    /// What exactly, in words; empty where the kind says all.
    package let detail: String
    /// The time that is concerned, where there is one: of missing hours from the first to the last.
    package let from: EventTime?
    package let until: EventTime?

    /// The hours of a time that no digest covers, each by its beginning, counted back from its end; the first may be
    /// shorter.
    ///
    /// Of a time that is longer than any trail, the last ones.
    package var missingHours: [EventTime] {
        guard kind == .digestMissing, let from, let until else { return [] }
        return Self.hours(from, until)
    }

    /// The hours between two times, by their beginnings.
    static func hours(_ from: EventTime, _ until: EventTime) -> [EventTime] {
        let count = min(hourCount(from, until), 100_000)
        return (0..<count).reversed().map { index in
            let start = until.advanced(bySeconds: -3600 * Int64(index + 1))
            return max(start, from)
        }
    }

    /// How many hours there are between two times, the last one perhaps shorter.
    static func hourCount(_ from: EventTime, _ until: EventTime) -> Int {
        until <= from ? 0 : Int((until.seconds - from.seconds + 3599) / 3600)
    }

    /// One sentence for people: what, where, and what to do.
    package var message: String {
        let because = detail.isEmpty ? "" : " (\(detail))"
        return switch kind {
        case .digestAltered:
            "The digest \(path) is not what CloudTrail signed\(because): take nothing that it names for proven, and restore "
                + "it from a copy or an earlier version of the object."
        case .digestDamaged:
            "The digest \(path) cannot be read\(because): download it again, or restore an earlier version of the object."
        case .digestTrailingBytes:
            "The digest \(path) has bytes behind its end\(because): download it again, or restore an earlier version."
        case .digestUnreadable: "The digest \(path) cannot be opened\(because): mend that and verify again."
        case .digestMoved:
            "The digest \(path) has been moved\(because): put it back where it was, and find out who moved it."
        case .digestAdded:
            "The digest \(path) is in no chain\(because): no digest names it, so find out who put it there."
        case .digestMissing:
            "No digest for \(span)\(because): download it again; if it is not in the bucket, it was deleted, and nothing "
                + "that was delivered in that time is proven."
        case .digestsAbsent:
            "No digest at all for account \(account) in \(region)\(because): download the CloudTrail-Digest folder too; if "
                + "there is none, log file validation was off or all digests were deleted."
        case .digestsOverlap:
            "The digest \(path) covers time that the one before covers too\(because): ask AWS Support, for CloudTrail does "
                + "not sign that."
        case .digestsApart:
            "Between the digest \(path) and the one it names lies time that neither covers\(because): ask AWS Support, for "
                + "CloudTrail does not sign that."
        case .digestTimesWrong:
            "The times in the digest \(path) do not fit its name or each other\(because): ask AWS Support, for CloudTrail "
                + "does not sign that."
        case .keyUnknown:
            "The key that the digest \(path) names is not in --keys\(because): add what 'aws cloudtrail list-public-keys "
                + "--start-time … --end-time … --region \(region)' prints for that time; if AWS does not list it, the "
                + "digest is forged."
        case .keyOutsideValidity:
            "The digest \(path) is signed with a key that was not valid then\(because): take it for forged until AWS "
                + "Support says otherwise."
        case .algorithmUnknown:
            "The digest \(path) is signed in a way that is not known\(because): nothing that it names is proven."
        case .metadataSignatureWrong:
            "The signature in --metadata is not that of the digest \(path), though the chain proves it\(because): the "
                + "metadata of the object was changed, or belongs to another copy."
        case .metadataIncomplete:
            "The metadata of the digest \(path) lacks what CloudTrail puts there\(because): whoever copied or replaced the "
                + "object lost it."
        case .logAltered:
            "The log file \(path) was changed\(because): do not trust it, and restore an earlier version of the object."
        case .logDamaged:
            "The log file \(path) cannot be unpacked\(because): download it again, or restore an earlier version."
        case .logTrailingBytes:
            "The log file \(path) has bytes behind its end\(because): they were added; restore an earlier version."
        case .logUnreadable: "The log file \(path) cannot be opened\(because): mend that and verify again."
        case .logMissing:
            "The log file \(path) is missing\(because): download it again; if it is not in the bucket, it was deleted."
        case .logMoved:
            "The log file \(path) has been moved\(because): its content is as CloudTrail left it; put it back, and find out "
                + "who moved it."
        case .logUnnamed:
            "No digest names the log file \(path)\(because): CloudTrail did not deliver it there, so find out who put it "
                + "there."
        }
    }

    private var span: String {
        guard let from, let until else { return path }
        let hours = Self.hourCount(from, until)
        return "\(hours) hour\(hours == 1 ? "" : "s") from \(from) to \(until), account \(account), \(region)"
    }

    /// In the order of account, Region, time, path.
    static func precedes(_ left: IntegrityFinding, _ right: IntegrityFinding) -> Bool {
        if left.owner != right.owner { return left.owner < right.owner }
        if left.region != right.region { return left.region < right.region }
        let (first, second) = (left.until ?? .distantPast, right.until ?? .distantPast)
        if first != second { return first < second }
        if left.kind != right.kind { return left.kind.rawValue.bytesPrecede(right.kind.rawValue) }
        return left.path.bytesPrecede(right.path)
    }
}
