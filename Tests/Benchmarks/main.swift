import Foundation

// Benchmarks print ratios of two things measured in turn in one run; bare times are of this machine, now.

let commands: [(name: String, options: Set<String>, run: (Options) throws -> Void)] = [
    ("generate", Generate.options, Generate.run),
    ("engine", EngineBenchmark.options, EngineBenchmark.run),
    ("commit", CommitBenchmark.options, CommitBenchmark.run),
    ("formats", FormatBenchmark.options, FormatBenchmark.run),
    ("latency", LatencyBenchmark.options, LatencyBenchmark.run),
    ("hostile", HostileBenchmark.options, HostileBenchmark.run),
    ("memory", MemoryBenchmark.options, MemoryBenchmark.run),
    ("restart", RestartBenchmark.options, RestartBenchmark.run),
    ("replay", ReplayBenchmark.options, ReplayBenchmark.run),
    ("verify", VerifyBenchmark.options, VerifyBenchmark.run),
    ("pipeline", PipelineBenchmark.options, PipelineBenchmark.run),
    ("count", CountingConsumer.options, CountingConsumer.run),
    ("prefilter", PrefilterBenchmark.options, PrefilterBenchmark.run),
    ("peers", PeersBenchmark.options, PeersBenchmark.run),
]

printLineByLine()

let arguments = CommandLine.arguments.dropFirst()
do {
    guard let command = commands.first(where: { $0.name == arguments.first }) else {
        throw UsageError("name one of: \(commands.map(\.name).joined(separator: ", "))")
    }
    print(command.name)
    try command.run(try Options(arguments.dropFirst(), known: command.options))
} catch let error as UsageError {
    FileHandle.standardError.write(Data("benchmarks: \(error)\n".utf8))
    exit(2)
} catch {
    FileHandle.standardError.write(Data("benchmarks: \(error)\n".utf8))
    exit(1)
}
