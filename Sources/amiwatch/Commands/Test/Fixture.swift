import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline
import TrailArchive

/// A folder with recorded events, and the alerts that they should cause.
struct Fixture {
    let folder: String
    private var expectedPath: String { folder + "/expected-alerts.jsonl" }

    /// The fixtures that paths lead to, sorted within each.
    static func find(_ paths: [String]) throws -> [Fixture] {
        var fixtures: [Fixture] = []
        for path in paths {
            let folder =
                path.utf8.count > 1 && path.utf8.last == 0x2F ? String(path.utf8.dropLast()) ?? path : path
            let found = try below(folder, depth: 0)
            guard !found.isEmpty else {
                throw Failure("\(path): no fixture there, which is a folder with events.jsonl")
            }
            fixtures += found
        }
        return fixtures
    }

    private static func below(_ folder: String, depth: Int) throws -> [Fixture] {
        guard let stream = opendir(folder) else {
            throw Failure("reading \(folder): \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        if exists(folder + "/events.jsonl") { return [Fixture(folder: folder)] }
        guard depth < 16 else { return [] }
        var folders: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            // Links are not followed: a fixture lies where it lies.
            if name.utf8.first != 0x2E, lstat("\(folder)/\(name)", &status) == 0,
                status.st_mode & S_IFMT == S_IFDIR
            {
                folders.append("\(folder)/\(name)")
            }
        }
        return try folders.sorted { $0.bytesPrecede($1) }.flatMap { try below($0, depth: depth + 1) }
    }

    fileprivate static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Replays the events, and compares.
    func run() throws -> FixtureOutcome {
        var policy = Policy()
        // Without a day of its own: a fixture means the same in every year.
        if Self.exists(folder + "/policy.yaml") {
            policy = try PolicyReader.read(path: folder + "/policy.yaml").policy
        }
        let settings = try FixtureSettings(path: folder + "/options.txt")
        var options = Replay.Options()
        options.until = settings.until
        var replay = Replay(policy: policy, options: options)
        var encoder = NativeAlert()
        var alerts: [[UInt8]] = []
        var lost: [LostRecord] = []
        if Self.exists(folder + "/inventory.json") {
            let files = [folder + "/inventory.json"]
            for record in try InventoryFiles(
                files: files,
                options: settings.inventory,
                prefix: "--inventory-"
            ).records {
                replay.take(inventory: record) { alerts.append(encoder.encode($0)) }
            }
        }
        try events().withUnsafeBytes { bytes in
            TrailDecoder().decode(bytes) { batch in
                replay.take(batch, lose: { lost.append($0) }) { alerts.append(encoder.encode($0)) }
                return true
            }
        }
        replay.finish { alerts.append(encoder.encode($0)) }
        return FixtureOutcome(expected: try expected(), alerts: alerts, lost: lost)
    }

    private func events() throws -> [UInt8] {
        let file = try WholeFile.bytes(folder + "/events.jsonl")
        do throws(ShortEvents.Malformed) { return try ShortEvents.expanded(file) } catch {
            throw Failure("\(folder)/\(error)")
        }
    }

    /// The expected alerts; nil when the file is missing.
    private func expected() throws -> [JSONTree]? {
        guard Self.exists(expectedPath) else { return nil }
        return try WholeFile.bytes(expectedPath).split(separator: 0x0A).enumerated().map { number, line in
            guard let alert = JSONTree(line), case .object = alert else {
                throw Failure("\(expectedPath):\(number + 1): not a JSON object on one line")
            }
            return alert
        }
    }

    /// Makes what came out the expected.
    func update(_ alerts: [[UInt8]]) throws {
        let file = try OutputFile(path: expectedPath)
        for alert in alerts { try file.line(alert) }
        try file.close()
    }
}

/// What a fixture's `options.txt` says: options of `replay`, one a line, `--until 2026-03-17T10:00:00Z`.
private struct FixtureSettings {
    var until: EventTime?
    var inventory = InventoryReader.Options()

    init(path: String) throws {
        guard Fixture.exists(path) else { return }
        let text = String(decoding: try WholeFile.bytes(path), as: UTF8.self)
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let words = line.split { $0 == " " || $0 == "=" }.map(String.init)
            guard let option = words.first else { continue }
            guard words.count == 2, try take(option, words[1]) else {
                throw Failure(
                    "\(path):\(number + 1): \(line) is none of --until TIME, --inventory-time TIME, "
                        + "--inventory-account ID and --inventory-region REGION"
                )
            }
        }
    }

    private mutating func take(_ option: String, _ value: String) throws -> Bool {
        switch option {
        case "--until": until = try ReplayOptions.time(value, of: "until", endOfDay: true)
        case "--inventory-region": inventory.region = ExactText(value)
        case "--inventory-time":
            inventory.time = try ReplayOptions.time(value, of: "inventory-time", endOfDay: false)
        case "--inventory-account":
            inventory.account = AccountID(value)
            return inventory.account != nil
        default: return false
        }
        return true
    }
}
