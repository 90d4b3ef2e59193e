import CloudTrailTestSupport
import Pipeline

@testable import CloudTrail

/// Records as inputs begin from them: each watched call, and what the fixtures of the rules hold.
enum RecordSeeds {
    static func made() -> [[UInt8]] {
        let watched = WatchedCall.allCases.map {
            Samples.record($0.name, source: $0.source, request: #"{"imageId":"ami-1"}"#)
        }
        return ([Samples.share, Samples.launch, Samples.other] + watched).map { Array($0.utf8) }
    }

    /// One record a line, of every fixture.
    static func ofFixtures() throws -> [[UInt8]] {
        try Fixture.find("\(Fuzzing.checkout)/Tests/DetectionTests/Fixtures").map { try $0.events() }
    }

    static func all() throws -> [[UInt8]] {
        let lines = try ofFixtures().flatMap { $0.split(separator: 0x0A).map(Array.init) }
        // Of the same length they say nearly the same.
        var lengths: Set<Int> = []
        return made() + lines.filter { lengths.insert($0.count).inserted }
    }
}
