import CloudTrail
import TestSupport

@testable import Detection

/// Entries as they follow each other in an input: how long key and value are, in two bytes each, and both.
enum EntryList {
    static func bytes(_ entries: [StateEntry]) -> [UInt8] {
        entries.flatMap { entry in
            let value = entry.value ?? []
            return length(entry.key.count) + length(value.count) + entry.key + value
        }
    }

    private static func length(_ count: Int) -> [UInt8] { [UInt8(count & 0xFF), UInt8(count >> 8 & 0xFF)] }

    static func visit(
        _ input: UnsafeRawBufferPointer,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var rest = input[...]
        while rest.count >= 4 {
            let head = Array(rest.prefix(4))
            rest = rest.dropFirst(4)
            let key = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(head[0]) | Int(head[1]) << 8))
            rest = rest.dropFirst(key.count)
            let value = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(head[2]) | Int(head[3]) << 8))
            rest = rest.dropFirst(value.count)
            try body(key, value)
        }
    }
}

/// Entries of the state's changelog: what is taken can be written, and is read the same again.
final class StateEntryTarget: FuzzTarget {
    static let name = "state-entry"
    static let isText = false
    private let ledger = LedgerProbe()
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        EngineSeed.all.map { EntryList.bytes(Array($0.engine().allEntries().prefix(12))) } + LedgerProbe.seeds
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        guard let seed = EngineSeed.all.first else { return }
        var engine = Engine(policy: seed.policy, settings: .fuzzed)
        EntryList.visit(input) { key, value in
            ledger.take(key, value)
            do throws(StateError) {
                try engine.restore(key: key, value: value)
                reached["taken", default: 0] += 1
            } catch { reached["refused", default: 0] += 1 }
        }
        try use(&engine, seed)
        reached.merge(ledger.reached) { $1 }
    }

    private func use(_ engine: inout Engine, _ seed: EngineSeed) throws {
        try engine.requireSameEntries(as: engine.restored(), "read again it is another")
        try engine.requireSameEntries(as: engine.fromSnapshot(), "a snapshot gives another")
        var alerts: [Alert] = []
        engine.reconcile(into: &alerts)
        reached["alerts", default: 0] += alerts.count
        for record in seed.records { _ = engine.process(record, into: &alerts) }
        engine.commit()
        _ = Outcome(engine)
        try engine.requireSameEntries(as: engine.restored(), "with more records it is another")
    }
}

/// Entries of the catalogue, as another worker may have written them: they lead to alerts at once.
final class CatalogueEntryTarget: FuzzTarget {
    static let name = "catalogue-entry"
    static let isText = false
    private let engines: [Engine]
    private(set) var reached: [String: Int] = [:]

    init() { engines = Self.chosen.map { $0.engine() } }

    /// Some fixtures with shares, launches and tags, so that the catalogue's facts meet something.
    private static var chosen: [EngineSeed] {
        stride(from: 0, to: EngineSeed.all.count, by: 7).map { EngineSeed.all[$0] }
    }

    static func seeds() throws -> [[UInt8]] {
        EngineSeed.all.flatMap { seed -> [[UInt8]] in
            let entries = seed.engine().allEntries().filter { $0.store == .catalogue }
            return stride(from: 0, to: entries.count, by: 8).map {
                [UInt8(truncatingIfNeeded: $0)] + EntryList.bytes(Array(entries[$0...].prefix(8)))
            }
        }
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        guard let first = input.first, !engines.isEmpty else { return }
        var engine = engines[Int(first) % engines.count]
        var alerts: [Alert] = []
        EntryList.visit(UnsafeRawBufferPointer(rebasing: input.dropFirst())) { key, value in
            do throws(StateError) {
                try engine.applyCatalogue(key: key, value: value, into: &alerts)
                reached["taken", default: 0] += 1
            } catch { reached["refused", default: 0] += 1 }
        }
        engine.commit()
        reached["alerts", default: 0] += alerts.count
        try engine.requireSameEntries(as: engine.restored(), "read again it is another")
    }
}

/// A piece of a snapshot: what is taken can be written, and is read the same again.
final class SnapshotTarget: FuzzTarget {
    static let name = "snapshot"
    static let isText = false
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        EngineSeed.all.flatMap { seed -> [[UInt8]] in
            let engine = seed.engine()
            var capture = SnapshotCapture(of: engine) { _ in 0 }
            var pieces: [[UInt8]] = []
            while !capture.isOver {
                capture.take(atMost: 100, of: engine, waiting: []) { pieces.append(Array($1)) }
            }
            return pieces.filter { $0.count < 20_000 }
        }
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        guard let seed = EngineSeed.all.first else { return }
        var engine = Engine(policy: seed.policy, settings: .fuzzed)
        var reader = SnapshotReader()
        do throws(StateError) {
            reached["things taken", default: 0] += try reader.take(input, into: &engine)
        } catch {
            // What was taken before it has to be dropped.
            reached["refused", default: 0] += 1
            return
        }
        try engine.requireSameEntries(as: engine.restored(), "read from its entries it is another")
        try engine.requireSameEntries(as: engine.fromSnapshot(), "a snapshot of it gives another")
        var alerts: [Alert] = []
        engine.reconcile(into: &alerts)
        for record in seed.records { _ = engine.process(record, into: &alerts) }
        reached["alerts", default: 0] += alerts.count
    }
}
