import CCompression
import COpenSSL
import Foundation
import KafkaTestSupport
import TrailArchive
import TrailIntegrity

/// `verify` over 100,000 log files against libdeflate and `EVP_Digest` alone on the same files, one core.
enum VerifyBenchmark {
    static let options = Set(["files", "rounds", "folder", "per-file"]).union(Generate.trailOptions)

    static func run(_ options: Options) throws {
        let rounds = try options.number("rounds", 5)
        let folder = options.text("folder") ?? ".build/bench/verify"
        try prepare(folder, options)
        let listing = try TrailListing(paths: [folder + "/AWSLogs"])
        print("  \(listing.files.count) log files, \(listing.size >> 20) MiB packed")
        let alone = ("libdeflate and EVP_Digest alone, one core", { try hash(listing.files) })
        try Pairing(
            rounds: rounds,
            baseline: alone,
            measured: ("verifying in this process, one core", { try verify(folder) })
        )
        .reportSpeed(of: "the folder", goal: .atLeast(0.8))
        try Pairing(
            rounds: rounds,
            baseline: alone,
            measured: ("amiwatch verify, one core", { try command(folder, on: "0") })
        )
        .reportSpeed(of: "the folder", goal: .atLeast(0.8))
        try Pairing(
            rounds: rounds,
            baseline: ("amiwatch verify, one core", { try command(folder, on: "0") }),
            measured: ("amiwatch verify, two cores", { try command(folder, on: "0,1") })
        )
        .reportSpeed(of: "the folder", goal: nil)
    }

    private static func prepare(_ folder: String, _ options: Options) throws {
        guard !FileManager.default.fileExists(atPath: folder + "/keys.json") else { return }
        var settings = try Generate.settings(options)
        if options.text("accounts") == nil { settings.accounts = 8 }
        // As busy as an account is: some thirty files an hour and Region, as many as a digest of CloudTrail names.
        if options.text("rate") == nil { settings.recordsPerSecond = 50 }
        var trail = Trail(settings)
        let perFile = try options.number("per-file", 40)
        let records = try options.number("files", 100_000) * perFile
        _ = try TrailFiles(folder: folder, recordsPerFile: perFile).write(&trail, records)
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../CommandTests/Fixtures/verify/sign-tree.py").path
        _ = try Children.run(["python3", script, folder], on: nil)
    }

    // MARK: What is measured

    private static func hash(_ files: [TrailFile]) throws -> Cost {
        guard let decompressor = libdeflate_alloc_decompressor() else { throw UsageError("no memory") }
        defer { libdeflate_free_decompressor(decompressor) }
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 20, alignment: 64)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 64)
        defer {
            input.deallocate()
            output.deallocate()
        }
        let algorithm = EVP_MD_fetch(nil, "SHA256", nil)
        var digest = [UInt8](repeating: 0, count: 32)
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
            EVP_Digest(output.baseAddress, size, &digest, nil, algorithm, nil)
            keep(digest[0])
        }
        return watch.elapsed
    }

    private static func verify(_ folder: String) throws -> Cost {
        var verification = Verification()
        let keys = folder + "/keys.json"
        try WholeFile.bytes(keys).withUnsafeBytes { try verification.keys.add($0, file: keys) }
        let watch = Stopwatch()
        let report = try verification.verify(paths: [folder + "/AWSLogs"])
        let cost = watch.elapsed
        // The newest digest of each chain is not proven without metadata; nothing else may be wrong.
        guard report.findings.isEmpty, report.logs.verified * 10 > report.logs.all * 9 else {
            throw UsageError("the folder does not verify: \(report.findings.count) findings, \(report.logs)")
        }
        return cost
    }

    private static func command(_ folder: String, on processors: String) throws -> Cost {
        try Children.run(
            [
                Children.amiwatch, "verify", folder + "/AWSLogs", "--keys", folder + "/keys.json", "--format",
                "json",
            ],
            on: processors
        ).0
    }
}
