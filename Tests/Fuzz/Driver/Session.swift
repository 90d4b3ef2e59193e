import Foundation
import Glibc

/// One run of one target, and what it has done so far.
final class Session {
    // libFuzzer calls everything on the one thread that the process has.
    nonisolated(unsafe) private static var current: Session?

    private let target: any FuzzTarget
    private let name: String
    /// So many bytes are to be taken; nil for no end.
    private let limit: Int?
    private let begun = ContinuousClock.now
    private var executions = 0
    private var bytes = 0
    private var isTold = false
    /// What the mutator takes lines from.
    let pool: [[UInt8]]
    let isText: Bool

    private init(_ type: any FuzzTarget.Type) throws {
        target = try type.init()
        name = type.name
        isText = type.isText
        limit = ProcessInfo.processInfo.environment["AMIWATCH_FUZZED_BYTES"].flatMap { Int($0) }
        pool = type.isText ? try type.seeds().flatMap { $0.split(separator: 0x0A).map(Array.init) } : []
    }

    /// Makes the target ready; what it did is told when the process ends.
    static func begin(_ type: any FuzzTarget.Type) throws {
        current = try Session(type)
        atexit { Session.current?.tell() }
    }

    /// The lines of the seeds, for the mutator; nil when inputs are no text.
    static var lines: [[UInt8]]? { current.flatMap { $0.isText ? $0.pool : nil } }

    /// Takes an input; what must hold and does not ends the process.
    static func take(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        current?.take(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    }

    private func take(_ input: UnsafeRawBufferPointer) {
        executions += 1
        bytes += input.count
        do {
            try target.take(input)
        } catch {
            FileHandle.standardError.write(Data("== \(name): \(error)\n".utf8))
            abort()
        }
        // libFuzzer ends after this input.
        if let limit, bytes >= limit, !isTold {
            tell()
            raise(SIGUSR1)
        }
    }

    private func tell() {
        guard !isTold else { return }
        isTold = true
        let time = (ContinuousClock.now - begun).components
        let seconds = Double(time.seconds) + Double(time.attoseconds) / 1e18
        let reached = target.reached.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        print("fuzzed\t\(name)\t\(executions)\t\(bytes)\t\(String(format: "%.0f", seconds))")
        print("reached\t\(name)\t\(reached.joined(separator: ", "))")
        fflush(nil)
    }
}
