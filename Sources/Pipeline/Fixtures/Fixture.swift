internal import Alerts
package import CloudTrail
package import Configuration
package import Detection
internal import Glibc
package import TrailArchive

/// A folder with recorded events, and the alerts that they should cause.
///
/// | File | What it holds | When it is missing |
/// |---|---|---|
/// | `events.jsonl` | records, whole or in short (``ShortEvents``) | the folder is no fixture |
/// | `expected-alerts.jsonl` | alerts in the native format | nobody knows yet |
/// | `policy.yaml` | what the organisation trusts | nobody is trusted |
/// | `inventory.json` | what the AWS CLI printed, known before the first event | nothing is known |
/// | `options.txt` | options of `replay`, one a line | none |
package struct Fixture: Hashable, Sendable, CustomStringConvertible {
    /// The folder's path.
    package let folder: String

    /// The folder's name.
    package var description: String { folder.split(separator: "/").last.map(String.init) ?? folder }
    /// Where the expected alerts lie, or will.
    package var expectedPath: String { folder + "/expected-alerts.jsonl" }

    /// The fixtures in a folder, at any depth, or the folder itself; sorted.
    ///
    /// - Throws: `TrailError` when a folder cannot be read; ``FileFailure`` when there is none.
    package static func find(_ path: String) throws -> [Fixture] {
        var folder = path[...]
        while folder.utf8.count > 1, folder.utf8.last == 0x2F { folder.removeLast() }
        let found = try below(String(folder), depth: 0)
        guard !found.isEmpty else {
            throw FileFailure("\(path): no fixture there, which is a folder with events.jsonl")
        }
        return found
    }

    private static func below(_ folder: String, depth: Int) throws(TrailError) -> [Fixture] {
        if exists(folder + "/events.jsonl") { return [Fixture(folder: folder)] }
        let folders = try Folder.folders(in: folder)
        guard depth < 16 else { return [] }
        var found: [Fixture] = []
        for folder in folders { found += try below(folder, depth: depth + 1) }
        return found
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func path(_ file: String) -> String? {
        let path = "\(folder)/\(file)"
        return Self.exists(path) ? path : nil
    }

    /// The path of `policy.yaml`; nil when there is none.
    package var policyPath: String? { path("policy.yaml") }
    /// The path of `inventory.json`; nil when there is none.
    package var inventoryPath: String? { path("inventory.json") }

    /// What the organisation trusts.
    ///
    /// It knows no present day, so that the fixture means the same in every year.
    ///
    /// - Throws: `ConfigurationErrors`.
    package func policy() throws(ConfigurationErrors) -> Policy {
        guard let policyPath else { return Policy() }
        return try PolicyReader.read(path: policyPath).policy
    }

    /// What `options.txt` says.
    ///
    /// - Throws: `TrailError`, or ``FileFailure`` with the line.
    package func options() throws -> FixtureOptions {
        try path("options.txt").map { try FixtureOptions(path: $0) } ?? FixtureOptions()
    }

    /// The events as CloudTrail would have written them, one a line.
    ///
    /// - Throws: `TrailError`, or ``FileFailure`` with the line.
    package func events() throws -> [UInt8] {
        let file = try WholeFile.bytes(folder + "/events.jsonl")
        do throws(ShortEvents.Malformed) { return try ShortEvents.expanded(file) } catch {
            throw FileFailure("\(folder)/\(error)")
        }
    }

    /// The lines of `expected-alerts.jsonl`; nil when there is none.
    ///
    /// - Throws: `TrailError`.
    package func expectedLines() throws(TrailError) -> [[UInt8]]? {
        guard Self.exists(expectedPath) else { return nil }
        return try WholeFile.bytes(expectedPath).split(separator: 0x0A).map { Array($0) }
    }

    /// What a fixture holds, decoded.
    package struct Contents: Sendable {
        /// What the inventory tells; nil without one.
        package var inventory: InventoryReader.Output?
        /// The events, in the order of the file.
        package var events: [DecodedBatch] = []

        /// Everything that can be read, the inventory first.
        package var records: [Record] {
            (inventory?.records ?? [])
                + events.flatMap(\.entries).compactMap { entry in
                    if case .record(let record) = entry { record } else { nil }
                }
        }
    }

    /// Reads the inventory and the events.
    ///
    /// - Throws: `TrailError`, or ``FileFailure``.
    package func contents() throws -> Contents {
        var contents = Contents()
        if let inventoryPath {
            let options = try options().inventory
            contents.inventory = try InventoryFile.read(
                inventoryPath,
                options: options,
                optionPrefix: "--inventory-"
            )
        }
        let sessionKeys = try policy().sessionKeys
        try events().withUnsafeBytes { bytes in
            TrailDecoder(sessionKeys: sessionKeys).decode(bytes) { batch in
                contents.events.append(batch)
                return true
            }
        }
        return contents
    }

    /// What a replay of a fixture gives.
    package struct Outcome: Sendable {
        /// The alerts, in order.
        package var alerts: [Alert] = []
        /// The events that cannot be read.
        package var lost: [LostRecord] = []
        /// Values of the inventory that cannot be read, each as a sentence.
        package var problems: [String] = []
    }

    /// Replays the events.
    ///
    /// - Throws: `ConfigurationErrors`, `TrailError`, or ``FileFailure``.
    package func replay() throws -> Outcome {
        var outcome = Outcome()
        var options = Replay.Options()
        options.until = try self.options().until
        var replay = Replay(policy: try policy(), options: options)
        let contents = try contents()
        outcome.problems = contents.inventory?.problems ?? []
        for record in contents.inventory?.records ?? [] {
            replay.take(inventory: record) { outcome.alerts.append($0) }
        }
        for batch in contents.events {
            replay.take(batch, lose: { outcome.lost.append($0) }) { outcome.alerts.append($0) }
        }
        replay.finish { outcome.alerts.append($0) }
        return outcome
    }
}

/// What a fixture's `options.txt` says: options of `replay`, one a line, `--until 2026-03-17T10:00:00Z`.
package struct FixtureOptions: Hashable, Sendable {
    /// Later records are ignored, and the clock stands here in the end; nil for no end.
    package private(set) var until: EventTime?
    /// What `inventory.json` does not say itself.
    package private(set) var inventory = InventoryReader.Options()

    init() {}

    init(path: String) throws {
        let text = String(decoding: try WholeFile.bytes(path), as: UTF8.self)
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let words = line.split { $0 == " " || $0 == "=" }.map(String.init)
            guard let option = words.first else { continue }
            guard words.count == 2, try take(option, words[1], at: "\(path):\(number + 1)") else {
                throw FileFailure(
                    "\(path):\(number + 1): \(line) is none of --until TIME, --inventory-time TIME, "
                        + "--inventory-account ID and --inventory-region REGION"
                )
            }
        }
    }

    private mutating func take(_ option: String, _ value: String, at place: String) throws -> Bool {
        func time(endOfDay: Bool) throws -> EventTime {
            if let time = EventTime(timeOrDay: value, endOfDay: endOfDay) { return time }
            throw FileFailure(
                "\(place): \(option) \(value) is not a valid time: write 2026-03-17T09:00:00Z, or 2026-03-17"
            )
        }
        switch option {
        case "--until": until = try time(endOfDay: true)
        case "--inventory-region": inventory.region = ExactText(value)
        case "--inventory-time": inventory.time = try time(endOfDay: false)
        case "--inventory-account":
            inventory.account = AccountID(value)
            return inventory.account != nil
        default: return false
        }
        return true
    }
}
