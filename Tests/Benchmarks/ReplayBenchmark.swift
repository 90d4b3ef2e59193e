import CCompression
import CloudTrail
import Detection
import Foundation
import Pipeline
import TrailArchive

/// Replay of `.json.gz` files against libdeflate alone on the same files, and two cores against one.
enum ReplayBenchmark {
    static let options = Set(["records", "rounds", "folder", "per-file"]).union(Generate.trailOptions)

    static func run(_ options: Options) throws {
        let rounds = try options.number("rounds", 5)
        let folder = options.text("folder") ?? ".build/bench/replay"
        try prepare(folder, options)
        let listing = try TrailListing(paths: [folder + "/AWSLogs"])
        let policy = try TrailPolicy.read()
        print("  \(listing.files.count) files, \(listing.files.reduce(0) { $0 + $1.size } >> 20) MiB packed")
        let libdeflate = ("libdeflate alone, one core", { try inflate(listing.files) })
        try Pairing(
            rounds: rounds,
            baseline: libdeflate,
            measured: (
                "reading, decoding and judging in this process, one core",
                {
                    try replay(listing.files, policy)
                }
            )
        )
        .reportSpeed(of: "the folder", goal: .atLeast(0.75))
        try Pairing(
            rounds: rounds,
            baseline: libdeflate,
            measured: (
                "amiwatch replay, one core",
                {
                    try command(folder, on: "0")
                }
            )
        )
        .reportSpeed(of: "the folder", goal: .atLeast(0.75))
        try Pairing(
            rounds: rounds,
            baseline: ("amiwatch replay, one core", { try command(folder, on: "0") }),
            measured: ("amiwatch replay, two cores", { try command(folder, on: "0,1") })
        )
        .reportSpeed(of: "the folder", goal: .atLeast(1.8))
    }

    static func prepare(_ folder: String, _ options: Options) throws {
        guard !FileManager.default.fileExists(atPath: folder) else { return }
        var settings = try Generate.settings(options)
        if options.text("accounts") == nil { settings.accounts = 8 }
        var trail = Trail(settings)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try trail.inventory().write(toFile: folder + "/images.json", atomically: true, encoding: .utf8)
        try TrailPolicy.yaml.write(toFile: folder + "/policy.yaml", atomically: true, encoding: .utf8)
        let files = TrailFiles(folder: folder, recordsPerFile: try options.number("per-file", 5000))
        _ = try files.write(&trail, try options.number("records", 400_000))
    }

    // MARK: What is measured

    private static func inflate(_ files: [TrailFile]) throws -> Cost {
        guard let decompressor = libdeflate_alloc_decompressor() else { throw UsageError("no memory") }
        defer { libdeflate_free_decompressor(decompressor) }
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 20, alignment: 64)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 64)
        defer {
            input.deallocate()
            output.deallocate()
        }
        let watch = Stopwatch()
        for file in files {
            guard let stream = fopen(file.path, "r") else { throw UsageError("cannot read \(file.path)") }
            let count = fread(input.baseAddress, 1, input.count, stream)
            fclose(stream)
            var size = 0
            let result = libdeflate_gzip_decompress(
                decompressor,
                input.baseAddress,
                count,
                output.baseAddress,
                output.count,
                &size
            )
            guard result == LIBDEFLATE_SUCCESS else { throw UsageError("\(file.path) is damaged") }
        }
        return watch.elapsed
    }

    private static func replay(_ files: [TrailFile], _ policy: Policy) throws -> Cost {
        let watch = Stopwatch()
        let decoder = TrailDecoder()
        var replay = Replay(policy: policy)
        var alerts = 0
        for (index, file) in files.enumerated() {
            try decoder.decode(file, index: index) { batch in
                replay.take(batch, lose: { _ in }, { _ in alerts += 1 })
                return true
            }
        }
        keep(alerts)
        return watch.elapsed
    }

    static func command(_ folder: String, on processors: String) throws -> Cost {
        try Children.run(
            [
                Children.amiwatch, "replay", folder + "/AWSLogs", "--policy", folder + "/policy.yaml",
                "--inventory",
                folder + "/images.json", "--inventory-time", "2026-02-28T23:00:00Z", "--inventory-region",
                "us-east-1", "--output", "/dev/null",
            ],
            on: processors
        ).0
    }
}
