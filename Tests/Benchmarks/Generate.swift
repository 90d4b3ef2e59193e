import Foundation
import Glibc

/// Writes a made-up trail: as JSON lines, or as trail files where S3 would have them.
enum Generate {
    static func run(_ options: Options) throws {
        let records = try options.number("records", 200_000)
        var trail = Trail(try settings(options))
        let watch = Stopwatch()
        let bytes: Int
        switch (options.text("jsonl"), options.text("folder")) {
        case (let path?, nil): bytes = try writeLines(&trail, records, to: path)
        case (nil, let folder?):
            bytes = try TrailFiles(folder: folder, recordsPerFile: try options.number("per-file", 5000))
                .write(&trail, records)
        default: throw UsageError("generate needs --jsonl FILE or --folder FOLDER")
        }
        let cost = watch.elapsed
        print(
            "\(records) records, mean \(bytes / max(records, 1)) bytes, \((cost.wall / Double(records)).time) each,"
                + " event time \((trail.now - trail.settings.start) / 3600) h"
        )
    }

    static let options = Set(["records", "jsonl", "folder", "per-file"]).union(trailOptions)
    static let trailOptions = Set(["seed", "accounts", "watched", "rate"])

    static func settings(_ options: Options) throws -> Trail.Settings {
        var settings = Trail.Settings()
        settings.seed = UInt64(try options.number("seed", 1))
        settings.accounts = try options.number("accounts", settings.accounts)
        settings.watched = try options.number("watched", settings.watched)
        settings.recordsPerSecond = Double(try options.number("rate", Int(settings.recordsPerSecond)))
        return settings
    }

    private static func writeLines(_ trail: inout Trail, _ records: Int, to path: String) throws -> Int {
        guard let file = fopen(path, "w") else { throw UsageError("cannot write \(path)") }
        let buffer = ByteBuffer(capacity: 1 << 21)
        var total = 0
        for index in 1...max(records, 1) {
            _ = trail.writeRecord(to: buffer)
            buffer.append("\n")
            guard buffer.count > 1 << 20 || index == records else { continue }
            total += buffer.count
            fwrite(buffer.bytes.baseAddress, 1, buffer.count, file)
            buffer.removeAll()
        }
        guard fclose(file) == 0 else { throw UsageError("cannot write \(path)") }
        return total
    }
}
