import Foundation
import TestSupport
import Testing

/// What is asked for by the environment.
private enum Asked {
    /// How long each target is fuzzed.
    static let seconds = variable("AMIWATCH_FUZZED_SECONDS").flatMap { Double($0) }

    /// Gives the same inputs again.
    static let seed = variable("AMIWATCH_FUZZ_SEED").flatMap { UInt64($0) } ?? .random(in: 0...999_999_999)

    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}

/// Fuzzing without libFuzzer, for a short while on every change.
///
/// The tests' own program changes the seeds and the kept inputs at random. It does not see which code an input reaches, only which new thing the target counts.
@Suite(.enabled(if: Asked.seconds != nil, "AMIWATCH_FUZZED_SECONDS is not set"))
struct MutatedInputTests {
    /// Where the input lies during which the process ends.
    private static let folder = "\(Fuzzing.checkout)/.build/fuzz/last"

    @Test("Inputs at random are taken as they should be", arguments: Fuzzing.targets.map { $0.name })
    func mutated(name: String) throws {
        let type = try #require(Fuzzing.targets.first { $0.name == name })
        let target = try type.init()
        let seeds = try type.seeds()
        var inputs = seeds + Fuzzing.kept("Corpus", of: type) + Fuzzing.kept("Crashers", of: type)
        let pool = type.isText ? seeds.flatMap { $0.split(separator: 0x0A).map(Array.init) } : seeds
        try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
        let last = try ScratchFile(at: "\(Self.folder)/\(name)")
        var random = SplitMix64(seed: Asked.seed)
        var (executions, bytes) = (0, 0)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Asked.seconds ?? 0)
        while clock.now < end {
            var input = inputs.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                Self.change(&input, isText: type.isText, pool, &random)
            }
            guard input.count <= 16_384 else { continue }
            try input.withUnsafeBytes { try last.write($0) }
            let kinds = target.reached.count
            let begun = clock.now
            do { try target.take(input) } catch {
                Issue.record("\(error)\nseed \(Asked.seed), of \(KeptInput.line(input))")
                return
            }
            #expect(clock.now - begun < .seconds(20), "seed \(Asked.seed), of \(KeptInput.line(input))")
            if target.reached.count > kinds { inputs.append(input) }
            executions += 1
            bytes += input.count
        }
        try FileManager.default.removeItem(atPath: last.path)
        #expect(executions > 0 && !target.reached.isEmpty)
        print("fuzzed \(name), seed \(Asked.seed): \(executions) inputs, \(bytes) bytes")
    }

    private static func change(
        _ input: inout [UInt8],
        isText: Bool,
        _ pool: [[UInt8]],
        _ random: inout SplitMix64
    ) {
        guard isText else { return ByteMutation.change(&input, pool, &random) }
        var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        LineMutation.change(&lines, pool, &random)
        input = Array(lines.joined(separator: [0x0A]))
    }
}
