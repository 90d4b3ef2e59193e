import CPrefilter
import CloudTrail

/// The prefilter over the corpus against touching every byte, and what candidates cost beyond it.
enum PrefilterBenchmark {
    static let options = Set(["records", "rounds"]).union(Generate.trailOptions)

    static func run(_ options: Options) throws {
        var trail = Trail(try Generate.settings(options))
        let messages = Messages(&trail, count: try options.number("records", 200_000))
        let rounds = try options.number("rounds", 9)
        let names = WatchedCall.allCases.map { $0.name + "\n" }.joined()
        guard let prefilter = amiwatch_prefilter_new(names, names.utf8.count, amiwatch_best_simd()) else {
            throw UsageError("no prefilter could be made")
        }
        defer { amiwatch_prefilter_free(prefilter) }
        func ignores(_ message: UnsafeRawBufferPointer) -> Bool {
            amiwatch_ignorable(
                prefilter,
                message.baseAddress?.assumingMemoryBound(to: UInt8.self),
                message.count
            )
        }
        let candidates = messages.candidates { !ignores($0) }
        print("  \(messages.count) records, mean \(messages.meanBytes) bytes, \(candidates.count) candidates")

        let prefiltering = ("the prefilter", { cost(messages) { keep(ignores($0)) } })
        try Pairing(
            rounds: rounds,
            baseline: ("touching every byte", { cost(messages) { keep(sum($0)) } }),
            measured: prefiltering
        )
        .reportCost(of: "a record", goal: .atMost(2))

        let reader = RecordReader()
        var read = 0
        func find(_ message: UnsafeRawBufferPointer) { reader.read(message: message) { _ in read += 1 } }
        func decode(_ message: UnsafeRawBufferPointer) {
            reader.read(message: message) { if case .record(let found, _) = $0 { keep(found.decoded()) } }
        }
        try Pairing(
            rounds: rounds,
            baseline: prefiltering,
            measured: (
                "the prefilter, and decoding what it lets through", { cost(messages) { decode($0) } }
            )
        )
        .reportCost(of: "a record", goal: nil)
        let touching = (
            "touching every byte of the candidates", { cost(candidates) { keep(sum($0)) } }
        )
        try Pairing(
            rounds: rounds,
            baseline: touching,
            measured: (
                "finding the candidates' records, as the intake does", { cost(candidates) { find($0) } }
            )
        )
        .reportCost(of: "a candidate", goal: nil)
        try Pairing(
            rounds: rounds,
            baseline: touching,
            measured: ("decoding them", { cost(candidates) { decode($0) } })
        )
        .reportCost(of: "a candidate", goal: nil)
        keep(read)
    }

    private static func cost(_ messages: Messages, _ body: (UnsafeRawBufferPointer) -> Void) -> Cost {
        let watch = Stopwatch()
        messages.forEach(body)
        return watch.elapsed / messages.count
    }

    private static func cost(
        _ messages: [UnsafeRawBufferPointer],
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Cost {
        let watch = Stopwatch()
        for _ in 0..<10 {
            for message in messages { body(message) }
        }
        return watch.elapsed / (10 * messages.count)
    }

    /// Reads every byte, as fast as plain code can.
    @inline(never)
    private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard let base = bytes.baseAddress else { return 0 }
        var sum = SIMD8<UInt64>.zero
        var offset = 0
        while offset + 64 <= bytes.count {
            sum &+= base.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
            offset += 64
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest &+= UInt64(bytes[offset])
            offset += 1
        }
        return sum.wrappedSum() &+ rest
    }
}
