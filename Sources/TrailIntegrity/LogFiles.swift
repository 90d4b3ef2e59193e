internal import CloudTrail
internal import Cryptography

/// Judges log files by the digests that name them, and those that none names by their time.
struct LogFiles {
    private struct Reference {
        let entry: Int
        let hash: SHA256Digest
    }

    /// What the digests of one account and Region cover.
    private struct Coverage {
        var chains: [ChainID] = []
        var start = EventTime.distantFuture
        var end = EventTime.distantPast
        /// Times for which nothing can be asked, and why, by their beginnings.
        private(set) var silences: [(from: EventTime, until: EventTime, reason: Standing.Reason)] = []
        /// The latest end of each silence and those before it.
        private var ends: [EventTime] = []

        mutating func add(_ from: EventTime, _ until: EventTime, _ reason: Standing.Reason) {
            silences.append((from.advanced(bySeconds: -slack), until.advanced(bySeconds: slack), reason))
        }

        mutating func sort() {
            silences.sort { $0.from < $1.from }
            ends = silences.reduce(into: []) { $0.append(max($0.last ?? .distantPast, $1.until)) }
        }

        /// Why nothing can be asked at a time; nil when it can.
        func silence(at time: EventTime) -> Standing.Reason? {
            var (low, high) = (0, silences.count)
            while low < high {
                let middle = (low + high) / 2
                if silences[middle].from <= time { low = middle + 1 } else { high = middle }
            }
            while low > 0, ends[low - 1] >= time {
                low -= 1
                if silences[low].until >= time { return silences[low].reason }
            }
            return nil
        }
    }

    private struct Scope: Hashable {
        let owner: ExactText
        let region: ExactText

        init(_ owner: ExactText, _ region: ExactText) { (self.owner, self.region) = (owner, region) }
    }

    /// A file's name tells to the minute when it was delivered, and near an hour's end the next digest may hold it.
    private static let slack: Int64 = 900
    /// A digest is delivered within about half an hour after its end.
    private static let patience: Int64 = 2 * 3600

    private let listing: BucketListing
    private var chains: DigestChains
    private let since: EventTime
    private var standings: [Int: Standing] = [:]
    private var findings: [IntegrityFinding] = []
    private var references: [[Reference]]
    /// What is named and not there.
    private var missing: [(entry: Int, key: String, hash: SHA256Digest)] = []

    init(listing: BucketListing, chains: DigestChains, since: EventTime) {
        self.listing = listing
        self.chains = chains
        self.since = since
        references = Array(repeating: [], count: listing.files.count)
        var named: Set<ExactText> = []
        for (index, entry) in chains.entries.enumerated() {
            for log in entry.digest?.logs ?? [] {
                if let file = log.file {
                    for copy in listing.all(file) {
                        references[copy].append(Reference(entry: index, hash: log.hash))
                    }
                } else if let key = log.missingKey, !entry.isContradicted,
                    named.insert(ExactText(key)).inserted
                {
                    missing.append((index, key, log.hash))
                }
            }
        }
    }

    mutating func verify(threads: Int) {
        let named = listing.files.indices.filter { file in
            references[file].contains { !chains.entries[$0.entry].isContradicted }
        }
        let digests = hashes(of: named.map { listing.files[$0].path }, threads)
        for (file, digest) in zip(named, digests) { judge(file, digest) }
        for file in listing.files.indices where standings[file] == nil && !references[file].isEmpty {
            standings[file] = .unproven(.digestAltered)
        }
        findMoved(threads)
        for (entry, key, _) in missing { miss(entry, key) }
        judgeUnnamed()
    }

    private func hashes(of paths: [String], _ threads: Int) -> [Result<SHA256Digest, FileFault>] {
        Parallel.map(paths.count, threads: threads, worker: { MemberReader() }, { $0.digest(of: paths[$1]) })
    }

    private mutating func judge(_ file: Int, _ digest: Result<SHA256Digest, FileFault>) {
        let hash: SHA256Digest
        switch digest {
        case .success(let found): hash = found
        case .failure(.unreadable(let reason)):
            find(.logUnreadable, file, reason)
            standings[file] = .unproven(.unreadable)
            return
        case .failure(.damaged(let reason)): return contradict(file, .logDamaged, reason)
        case .failure(.trailingBytes(let count)):
            return contradict(file, .logTrailingBytes, "\(count) byte\(count == 1 ? "" : "s")")
        }
        let trusted = references[file].filter { !chains.entries[$0.entry].isContradicted }
        let proven = trusted.filter { chains.entries[$0.entry].isProven }
        for reference in proven.isEmpty ? trusted : proven where reference.hash != hash {
            let digest = listing.files[chains.entries[reference.entry].file].path
            return contradict(
                file,
                .logAltered,
                "SHA-256 \(hash.hex), and \(reference.hash.hex) in the digest \(digest)"
            )
        }
        standings[file] = proven.isEmpty ? .unproven(.digestUnproven) : .verified(hash)
    }

    private mutating func contradict(_ file: Int, _ kind: IntegrityFinding.Kind, _ detail: String) {
        find(kind, file, detail)
        standings[file] = .contradicted(kind)
    }

    private mutating func find(_ kind: IntegrityFinding.Kind, _ file: Int, _ detail: String) {
        let found = listing.files[file]
        let reference = references[file].first
        findings.append(
            IntegrityFinding(
                kind: kind,
                owner: found.key.owner,
                account: found.key.account,
                region: found.key.region,
                trail: reference.flatMap { chains.entries[$0.entry].name?.chain.trail },
                path: found.path,
                detail: detail,
                from: nil,
                until: found.key.deliveryTime
            )
        )
    }

    private mutating func miss(_ entry: Int, _ key: String) {
        let digest = listing.files[chains.entries[entry].file]
        let own = ObjectKey(key)
        findings.append(
            IntegrityFinding(
                kind: .logMissing,
                owner: own?.owner ?? digest.key.owner,
                account: own?.account ?? digest.key.account,
                region: own?.region ?? digest.key.region,
                trail: chains.entries[entry].name?.chain.trail,
                path: key,
                detail: "named by the digest \(digest.path)",
                from: nil,
                until: own?.deliveryTime ?? chains.entries[entry].end
            )
        )
    }

    // MARK: What no digest names

    /// Finds what is missing in one place and lies in another.
    private mutating func findMoved(_ threads: Int) {
        guard !missing.isEmpty else { return }
        let unnamed = listing.files.indices.filter {
            listing.files[$0].key.kind == .log && references[$0].isEmpty
        }
        let paths = unnamed.map { listing.files[$0].path } + listing.others
        let digests = hashes(of: paths, threads)
        var places: [SHA256Digest: Int] = [:]
        for (index, digest) in digests.enumerated() {
            if case .success(let hash) = digest, places[hash] == nil { places[hash] = index }
        }
        missing.removeAll { entry, key, hash in
            guard let index = places.removeValue(forKey: hash), let own = ObjectKey(key) else { return false }
            let isProven = chains.entries[entry].isProven
            findings.append(
                IntegrityFinding(
                    kind: .logMoved,
                    owner: own.owner,
                    account: own.account,
                    region: own.region,
                    trail: chains.entries[entry].name?.chain.trail,
                    path: paths[index],
                    detail: "from \(key)",
                    from: nil,
                    until: own.deliveryTime
                )
            )
            if index < unnamed.count {
                // The bytes are those that were signed; only the place is not.
                standings[unnamed[index]] = isProven ? .verified(hash) : .unproven(.digestUnproven)
            }
            return true
        }
    }

    private mutating func judgeUnnamed() {
        var unnamed: [Scope: [Int]] = [:]
        for file in listing.files.indices where standings[file] == nil && listing.files[file].key.kind == .log
        {
            let key = listing.files[file].key
            unnamed[Scope(key.owner, key.region), default: []].append(file)
        }
        guard !unnamed.isEmpty else { return }
        let coverage = coverages()
        for (scope, files) in unnamed {
            guard let covered = coverage[scope] else {
                judgeUncovered(files)
                continue
            }
            for file in files { judgeUnnamed(file, covered) }
            findMissingAtTheEnd(files, covered)
        }
    }

    /// All log files of an account and Region without any digest.
    private mutating func judgeUncovered(_ files: [Int]) {
        for file in files { standings[file] = .unproven(.noDigests) }
        let asked = files.filter { (listing.files[$0].key.deliveryTime ?? .distantFuture) > since }
        guard let first = asked.first else { return }
        let key = listing.files[first].key
        findings.append(
            IntegrityFinding(
                kind: .digestsAbsent,
                owner: key.owner,
                account: key.account,
                region: key.region,
                trail: nil,
                path: listing.files[first].path,
                detail: "\(asked.count) log file\(asked.count == 1 ? "" : "s") there",
                from: nil,
                until: nil
            )
        )
    }

    private mutating func judgeUnnamed(_ file: Int, _ coverage: Coverage) {
        guard let time = listing.files[file].key.deliveryTime else {
            return contradict(file, .logUnnamed, "its name tells no time of delivery")
        }
        if let reason = coverage.silence(at: time) {
            standings[file] = .unproven(reason)
        } else if time >= coverage.end.advanced(bySeconds: -Self.slack) {
            standings[file] = .unproven(.notYetNamed)
        } else if time < max(coverage.start, since).advanced(bySeconds: Self.slack) {
            standings[file] = .unproven(.beforeValidation)
        } else {
            contradict(file, .logUnnamed, "")
        }
    }

    private func coverages() -> [Scope: Coverage] {
        var coverages: [Scope: Coverage] = [:]
        for (id, members) in chains.chains {
            let scope = Scope(id.owner, id.region)
            var coverage = coverages[scope] ?? Coverage()
            coverage.chains.append(id)
            for member in members {
                let entry = chains.entries[member]
                coverage.start = min(coverage.start, entry.start)
                coverage.end = max(coverage.end, entry.end)
                if entry.isContradicted {
                    coverage.add(entry.start, entry.end, .digestAltered)
                }
            }
            for gap in chains.gaps[id] ?? [] {
                let reason: Standing.Reason = gap.isRestart ? .validationOff : .digestMissing
                coverage.add(gap.from, gap.until, reason)
            }
            coverages[scope] = coverage
        }
        for scope in Array(coverages.keys) { coverages[scope]?.sort() }
        return coverages
    }

    /// Log files that are much later than the newest digest tell of hours that had one.
    private mutating func findMissingAtTheEnd(_ files: [Int], _ coverage: Coverage) {
        let last = files.compactMap { file in
            listing.files[file].key.deliveryTime.map { (time: $0, file: file) }
        }
        .max { $0.time < $1.time }
        guard let last, last.time > coverage.end.advanced(bySeconds: Self.patience), last.time > since,
            !coverage.silences.contains(where: { $0.until >= last.time }),
            let chain = coverage.chains.sorted().first(where: { id in
                chains.chains[id]?.last.map { chains.entries[$0].end == coverage.end } ?? false
            })
        else { return }
        let hours = IntegrityFinding.hourCount(coverage.end, last.time)
        chains.addMissing(
            chain,
            from: coverage.end,
            until: coverage.end.advanced(bySeconds: Int64(hours) * 3600),
            "log files lie there up to \(listing.files[last.file].path); the digests were deleted, or log file "
                + "validation was switched off"
        )
    }

    // MARK: Report

    func report() -> IntegrityReport {
        var report = IntegrityReport()
        report.findings = (chains.findings + findings).sorted(by: IntegrityFinding.precedes)
        report.others = listing.others.count + listing.unreadableNames
        var places: [Scope: IntegrityReport.Place] = [:]
        for (index, file) in listing.files.enumerated() where file.key.kind == .log {
            let standing = standings[index] ?? .unproven(.elsewhere)
            let scope = Scope(file.key.owner, file.key.region)
            places[
                scope,
                default: .init(owner: file.key.owner, account: file.key.account, region: file.key.region)
            ].logs.count(standing)
            report.standings[file.path] = standing
            if case .verified = standing { continue }
            report.unverified.append(.init(path: file.path, isDigest: false, standing: standing))
        }
        for entry in chains.entries {
            if case .verified = entry.standing { continue }
            report.unverified.append(
                .init(path: listing.files[entry.file].path, isDigest: true, standing: entry.standing)
            )
        }
        var counts: [ChainID: IntegrityReport.Counts] = [:]
        for entry in chains.entries {
            if let id = entry.name?.chain { counts[id, default: .init()].count(entry.standing) }
        }
        for (id, members) in chains.chains {
            var chain = IntegrityReport.Chain(
                id: id,
                from: members.first.map { chains.entries[$0].start } ?? .distantPast,
                until: members.last.map { chains.entries[$0].end } ?? .distantPast
            )
            chain.digests = counts[id] ?? .init()
            chain.gaps = (chains.gaps[id] ?? []).map {
                .init(from: $0.from, until: $0.until, cause: $0.isRestart ? .restart : .missing)
            }
            .sorted { $0.from < $1.from }
            report.chains.append(chain)
            let scope = Scope(id.owner, id.region)
            if places[scope] == nil {
                places[scope] = .init(owner: id.owner, account: id.account, region: id.region)
            }
        }
        report.chains.sort { $0.id < $1.id }
        report.places = places.values.sorted { ($0.owner, $0.region) < ($1.owner, $1.region) }
        return report
    }
}
