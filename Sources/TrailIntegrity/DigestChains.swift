internal import CloudTrail
internal import Cryptography

/// Judges digests: each by its signature, and all of a trail as a chain.
struct DigestChains {
    /// One digest file.
    struct Entry {
        /// Its place in the listing.
        let file: Int
        /// What the name tells under which it was signed; nil when it is no digest's name.
        let name: DigestName?
        /// The key under which it was signed.
        let suffix: ExactText
        let digest: Digest?
        var standing: Standing
        /// Whether it has no place in the chain: a copy that lies elsewhere, or something that was added.
        var isOutside = false

        /// The time that it covers; of one that cannot be read the hour before the time in its name.
        var start: EventTime { digest?.start ?? end.advanced(bySeconds: -3600) }
        var end: EventTime { digest?.end ?? name?.end ?? .distantPast }

        var isContradicted: Bool { if case .contradicted = standing { true } else { false } }
        var isProven: Bool { if case .verified = standing { true } else { false } }
    }

    /// Time between two digests of a chain that no digest covers.
    struct Gap {
        let from: EventTime
        let until: EventTime
        let isRestart: Bool
    }

    static let algorithm = "SHA256withRSA"

    private(set) var entries: [Entry] = []
    private(set) var findings: [IntegrityFinding] = []
    /// The entries of each chain, oldest first, without those that lie outside.
    private(set) var chains: [ChainID: [Int]] = [:]
    private(set) var gaps: [ChainID: [Gap]] = [:]
    private let listing: BucketListing
    private let keys: PublicKeys
    private let metadata: ObjectMetadata
    private let since: EventTime
    /// The entries that name a digest as the one before, by its key.
    private var claims: [ExactText: [Int]] = [:]
    private var present: Set<ExactText> = []

    init(
        _ digests: [(file: Int, outcome: Result<Digest, IntegrityFault>)],
        listing: BucketListing,
        keys: PublicKeys,
        metadata: ObjectMetadata,
        since: EventTime
    ) {
        self.listing = listing
        self.keys = keys
        self.metadata = metadata
        self.since = since
        for (file, outcome) in digests { add(file, outcome) }
        for (index, entry) in entries.enumerated() where !entry.isOutside {
            if let previous = previousSuffix(of: entry) { claims[previous, default: []].append(index) }
        }
        present = Set(entries.map(\.suffix))
        // A digest is judged after the one that names it.
        for index in entries.indices.sorted(by: { entries[$0].end > entries[$1].end }) { judge(index) }
        for (index, entry) in entries.enumerated() where !entry.isOutside {
            if let name = entry.name { chains[name.chain, default: []].append(index) }
        }
        for id in chains.keys.sorted() { link(id) }
        findMissingByMetadata()
    }

    // MARK: Where they belong

    private mutating func add(_ file: Int, _ outcome: Result<Digest, IntegrityFault>) {
        let key = listing.files[file].key
        let digest = try? outcome.get()
        var entry = Entry(
            file: file,
            name: DigestName(key),
            suffix: key.suffix,
            digest: digest,
            standing: .unproven(.newest)
        )
        if let digest, let own = ObjectKey(digest.key), own.suffix != key.suffix, let name = DigestName(own) {
            let original = listing.place(of: own)
            entry = Entry(
                file: file,
                name: name,
                suffix: own.suffix,
                digest: digest,
                standing: original == nil ? entry.standing : .contradicted(.digestMoved),
                isOutside: original != nil
            )
            let what = original == nil ? "it was signed as" : "it is a copy of"
            find(.digestMoved, entry, "\(what) \(digest.key)")
        } else if entry.name == nil {
            entry.isOutside = true
            entry.standing = .contradicted(.digestAdded)
            find(.digestAdded, entry, "its name is not that of a digest")
        } else if case .failure(let fault) = outcome {
            let (kind, reason) = fault.ofDigest
            entry.standing = .contradicted(kind)
            find(kind, entry, reason)
        }
        entries.append(entry)
    }

    private func previousSuffix(of entry: Entry) -> ExactText? {
        entry.digest?.previous.flatMap { ObjectKey($0.key)?.suffix }
    }

    private mutating func find(
        _ kind: IntegrityFinding.Kind,
        _ entry: Entry,
        _ detail: String = "",
        from: EventTime? = nil
    ) {
        let file = listing.files[entry.file]
        findings.append(
            IntegrityFinding(
                kind: kind,
                owner: file.key.owner,
                account: file.key.account,
                region: file.key.region,
                trail: entry.name?.chain.trail,
                path: file.path,
                detail: detail,
                from: from,
                until: entry.end == .distantPast ? nil : entry.end
            )
        )
    }

    // MARK: Signatures

    private mutating func judge(_ index: Int) {
        let entry = entries[index]
        guard let digest = entry.digest, !entry.isOutside else { return }
        let own = metadata.entries[entry.suffix] ?? metadata.entries[listing.files[entry.file].key.suffix]
        let isBackfill = entry.name?.chain.isBackfill ?? false
        if let own, own.signature == nil || own.algorithm == nil || (isBackfill && own.generated == nil) {
            let lacking = [
                own.signature == nil ? "signature" : nil, own.algorithm == nil ? "signature-algorithm" : nil,
                isBackfill && own.generated == nil ? "backfill-generation-timestamp" : nil,
            ].compactMap(\.self)
            find(.metadataIncomplete, entry, "no \(lacking.joined(separator: ", no "))")
        }
        for algorithm in [digest.algorithm, own?.algorithm].compactMap(\.self)
        where !algorithm.hasSameBytes(as: Self.algorithm) {
            find(.algorithmUnknown, entry, algorithm)
            entries[index].standing = .unproven(.keyUnknown)
            return
        }
        let known = keys.named(digest.fingerprint)
        guard !known.isEmpty else {
            find(.keyUnknown, entry, "fingerprint \(digest.fingerprint)")
            entries[index].standing = .unproven(.keyUnknown)
            return
        }
        func verifies(_ signature: String?) -> Bool {
            guard let bytes = signature.flatMap({ Hexadecimal.bytes($0.lowercased().utf8) }) else {
                return false
            }
            return known.contains { $0.key.verifies(bytes, of: digest.signedText) }
        }
        let ownFits = own?.signature.map(verifies)
        let claims = (self.claims[entry.suffix] ?? []).map { claim -> (entry: Int, fits: Bool, hash: Bool) in
            let previous = entries[claim].digest?.previous
            return (claim, verifies(previous?.signature), previous?.hash == digest.hash)
        }
        if ownFits == true || claims.contains(where: \.fits) {
            entries[index].standing = .verified(digest.hash)
            if ownFits == false { find(.metadataSignatureWrong, entry) }
            for claim in claims where !(claim.fits && claim.hash) { dispute(index, claim.entry) }
        } else if ownFits == false {
            contradict(index, "the signature in its metadata does not fit")
        } else {
            judge(index, claims)
        }
        guard entries[index].isProven else { return }
        checkValidity(index, known, own?.generated, isBackfill)
        if digest.start >= digest.end || digest.end != entry.name?.end {
            find(.digestTimesWrong, entry, "from \(digest.start) to \(digest.end)")
        }
    }

    /// Judges a digest for which no signature fits, by those that name it.
    private mutating func judge(_ index: Int, _ claims: [(entry: Int, fits: Bool, hash: Bool)]) {
        guard !claims.isEmpty else { return }
        let trusted = claims.filter { !entries[$0.entry].isContradicted }
        if trusted.contains(where: { entries[$0.entry].isProven || !$0.hash }) {
            contradict(index, "the signature that the next digest holds does not fit")
        } else {
            // The next one is not proven itself, and fits in all but the signature: it is the one that was changed.
            for claim in trusted {
                contradict(claim.entry, "the signature in it of the digest before does not fit")
            }
            entries[index].standing = .unproven(.successorAltered)
        }
    }

    /// A digest that is proven is told otherwise by the one after it.
    private mutating func dispute(_ index: Int, _ successor: Int) {
        switch entries[successor].standing {
        case .verified: contradict(index, "the next digest, which is proven too, names another one")
        case .unproven:
            contradict(successor, "it names another hash or signature for the digest before than that has")
        case .contradicted: break
        }
    }

    private mutating func contradict(_ index: Int, _ detail: String) {
        guard !entries[index].isContradicted else { return }
        entries[index].standing = .contradicted(.digestAltered)
        find(.digestAltered, entries[index], detail)
    }

    /// Looks whether the key was valid when the digest was signed: within two hours after its end, as the AWS CLI asks.
    private mutating func checkValidity(
        _ index: Int,
        _ known: [PublicKeys.Key],
        _ generated: EventTime?,
        _ isBackfill: Bool
    ) {
        guard let digest = entries[index].digest else { return }
        let from: EventTime
        let until: EventTime
        if isBackfill {
            from = generated?.advanced(bySeconds: -3600) ?? digest.start
            until = generated?.advanced(bySeconds: 3600) ?? .distantFuture
        } else {
            from = digest.start
            until = digest.end.advanced(bySeconds: 7200)
        }
        let isValid = known.contains {
            ($0.validFrom ?? .distantPast) <= until && from <= ($0.validUntil ?? .distantFuture)
        }
        guard !isValid, let key = known.first else { return }
        find(
            .keyOutsideValidity,
            entries[index],
            "valid from \(key.validFrom?.description ?? "ever") to \(key.validUntil?.description ?? "ever")"
        )
        entries[index].standing = .contradicted(.keyOutsideValidity)
    }

    // MARK: Chains

    private mutating func link(_ id: ChainID) {
        var members = chains[id, default: []].sorted { left, right in
            let (first, second) = (entries[left], entries[right])
            return first.end != second.end ? first.end < second.end : first.suffix < second.suffix
        }
        takeOutAdded(&members)
        chains[id] = members
        // Of a bucket that was downloaded twice one copy is enough.
        var one: [Int] = []
        for member in members where one.last.map({ entries[$0].suffix != entries[member].suffix }) ?? true {
            one.append(member)
        }
        for (older, newer) in zip(one, one.dropFirst()) { connect(id, older, newer) }
        if let oldest = one.first, let previous = entries[oldest].digest?.previous,
            !entries[oldest].isContradicted
        {
            let until = Self.end(of: previous.key) ?? entries[oldest].start
            if until > since {
                missing(
                    id,
                    from: until.advanced(bySeconds: -3600),
                    until: until,
                    key: previous.key,
                    "and perhaps others before it"
                )
            }
        }
    }

    /// Says why what has no signature has none, and takes out what no chain leads to.
    private mutating func takeOutAdded(_ members: inout [Int]) {
        var kept: [Int] = []
        for index in members.reversed() {
            let entry = entries[index]
            let isNamed = claims[entry.suffix] != nil
            guard !isNamed, let newer = kept.last, entries[newer].suffix != entry.suffix else {
                kept.append(index)
                continue
            }
            let next = entries[newer]
            var reason = Standing.Reason.successorMissing
            if let digest = next.digest, digest.previous == nil {
                reason = .beforeGap
            } else if let previous = previousSuffix(of: next), present.contains(previous) {
                find(.digestAdded, entry, "the next digest names another one")
                entries[index].isOutside = true
                if !entry.isProven, !entry.isContradicted {
                    entries[index].standing = .contradicted(.digestAdded)
                }
                continue
            }
            if case .unproven(.newest) = entry.standing { entries[index].standing = .unproven(reason) }
            kept.append(index)
        }
        members = kept.reversed()
    }

    /// Looks at the time between two digests that follow each other.
    private mutating func connect(_ id: ChainID, _ older: Int, _ newer: Int) {
        let (old, new) = (entries[older], entries[newer])
        if let digest = new.digest, digest.previous == nil {
            if new.start > old.end {
                gaps[id, default: []].append(Gap(from: old.end, until: new.start, isRestart: true))
            }
            return
        }
        if id.isBackfill {
            // Only some hours are signed later: what is not named is not missing.
            guard !new.isContradicted, let key = new.digest?.previous?.key,
                previousSuffix(of: new) != old.suffix
            else { return }
            let until = Self.end(of: key) ?? new.start
            return missing(id, from: until.advanced(bySeconds: -3600), until: until, key: key)
        }
        if previousSuffix(of: new) == old.suffix {
            guard !new.isContradicted, !old.isContradicted else { return }
            if new.start < old.end {
                find(.digestsOverlap, new, "from \(new.start), the one before until \(old.end)")
            } else if new.start > old.end {
                find(.digestsApart, new, "from \(new.start), the one before until \(old.end)", from: old.end)
                gaps[id, default: []].append(Gap(from: old.end, until: new.start, isRestart: false))
            }
            return
        }
        let key = new.isContradicted ? nil : new.digest?.previous?.key
        if new.start > old.end {
            missing(id, from: old.end, until: new.start, key: key)
        } else if key != nil {
            missing(id, from: new.start.advanced(bySeconds: -3600), until: new.start, key: key)
        }
    }

    /// When the time ends that a digest covers, by its key.
    private static func end(of key: String) -> EventTime? { ObjectKey(key).flatMap(DigestName.init)?.end }

    private mutating func missing(
        _ id: ChainID,
        from: EventTime,
        until: EventTime,
        key: String?,
        _ detail: String = ""
    ) {
        gaps[id, default: []].append(Gap(from: from, until: until, isRestart: false))
        let named = key.map { "\($0) is named by the next one" }
        findings.append(
            IntegrityFinding(
                kind: .digestMissing,
                owner: id.owner,
                account: id.account,
                region: id.region,
                trail: id.trail,
                path: key ?? "",
                detail: [named, detail.isEmpty ? nil : detail].compactMap(\.self).joined(separator: ", "),
                from: from,
                until: until
            )
        )
    }

    /// The metadata of an object that is not there tells of a digest that nothing else may tell of: the newest.
    private mutating func findMissingByMetadata() {
        let absent = metadata.entries.values
            .filter { !present.contains($0.key.suffix) && listing.place(of: $0.key) == nil }
            .compactMap { entry in DigestName(entry.key).map { (name: $0, key: entry.key) } }
            .filter { $0.name.end > since }
            .sorted { ($0.name.chain, $0.name.end) < ($1.name.chain, $1.name.end) }
        for (name, key) in absent {
            let isTold = gaps[name.chain, default: []].contains {
                !$0.isRestart && $0.from < name.end && name.end <= $0.until
            }
            guard !isTold else { continue }
            missing(
                name.chain,
                from: name.end.advanced(bySeconds: -3600),
                until: name.end,
                key: nil,
                "AWSLogs/\(key.suffix) is in --metadata"
            )
        }
    }

    /// Adds what is found later about a chain's time.
    mutating func addMissing(_ id: ChainID, from: EventTime, until: EventTime, _ detail: String) {
        missing(id, from: from, until: until, key: nil, detail)
    }
}

/// Why a digest cannot be read.
enum IntegrityFault: Error {
    case file(FileFault)
    case document(String)

    var ofDigest: (IntegrityFinding.Kind, String) {
        switch self {
        case .document(let reason): (.digestDamaged, reason)
        case .file(.damaged(let reason)): (.digestDamaged, reason)
        case .file(.trailingBytes(let count)): (.digestTrailingBytes, "\(count) bytes")
        case .file(.unreadable(let reason)): (.digestUnreadable, reason)
        }
    }
}
