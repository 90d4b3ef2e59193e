import CloudTrail
import Detection
import Glibc

/// What an image and an instance take in memory, as the resident memory of the process tells, and how fast they
/// come back from the changelog and are evaluated.
enum MemoryBenchmark {
    static let options = Set(["images", "instances"])

    static func run(_ options: Options) throws {
        let images = try options.number("images", 1_000_000)
        let instances = try options.number("instances", 1_000_000)
        var settings = EngineBenchmark.live
        settings.keepsJournal = false
        var engine = Engine(policy: try TrailPolicy.read(), settings: settings)
        try restore(images, into: &engine, "an image with 4 facts", goal: 300) { $0.creation($1) }
        try restore(instances, into: &engine, "an instance", goal: 160) { $0.launch($1, of: $1 % images) }
        let watch = Stopwatch()
        engine.startReconciling()
        var alerts: [Alert] = []
        while engine.hasBacklog {
            engine.evaluateBacklog(atMost: 1000, into: &alerts)
            alerts.removeAll(keepingCapacity: true)
        }
        let speed = Int(Double(images + instances) / watch.elapsed.processor)
        print("  evaluated after the restore in \(watch.elapsed.processor.time): \(speed) of both a second")
        keep(engine.state.image(Population.image(0)))
    }

    /// Has small engines tell the entries, and the one engine take them, as a worker does that starts.
    private static func restore(
        _ count: Int,
        into engine: inout Engine,
        _ name: String,
        goal: Int,
        record: (inout Population, Int) -> Record
    ) throws {
        releaseFreeMemory(0)
        let before = residentBytes()
        var entries = 0
        var seconds = 0.0
        var population = Population(seed: 7, millisecondsEach: 20)
        for start in stride(from: 0, to: count, by: 50_000) {
            var writer = Engine(policy: Policy(), rules: RuleSet([]), settings: EngineBenchmark.live)
            var alerts: [Alert] = []
            for number in start..<min(start + 50_000, count) {
                _ = writer.process(record(&population, number), into: &alerts)
            }
            let pending = writer.pendingChanges()
            entries += pending.count
            let watch = Stopwatch()
            for entry in pending { try engine.restore(key: entry.key, value: entry.value) }
            seconds += watch.elapsed.processor
        }
        releaseFreeMemory(0)
        let bytes = (residentBytes() - before) / count
        print("  \(name): \(bytes) bytes  goal ≤ \(goal): \(bytes <= goal ? "met" : "NOT MET")")
        let speed = Int(Double(entries) / seconds)
        print("    restored from \(entries) entries, \(speed) a second")
    }
}

// Gives what is free back to the system, so that the resident memory tells what is in use. Not in Glibc's module.
@_silgen_name("malloc_trim")
@discardableResult
private func releaseFreeMemory(_ padding: Int) -> Int32
