import CloudTrail
import Foundation

@testable import TrailArchive

/// Records of a made-up trail.
enum Samples {
    /// Every third one is a watched call; their lengths differ.
    static func records(_ count: Int) -> [String] {
        (0..<count).map { number in
            let isWatched = number.isMultiple(of: 3)
            let name = isWatched ? "DeregisterImage" : "DescribeInstances"
            let padding = String(repeating: "x{[\\\"", count: number * 7 % 40)
            return """
                {"eventVersion":"1.09","eventTime":"2026-03-17T09:\(10 + number / 60 % 50):\(10 + number % 50)Z",\
                "eventSource":"ec2.amazonaws.com","eventName":"\(name)","awsRegion":"eu-central-1",\
                "eventID":"00000000-0000-4000-8000-\(String(format: "%012d", number))",\
                "recipientAccountId":"123456789012","requestParameters":{"imageId":"ami-0123456789abcdef0"},\
                "userAgent":"\(padding)"}
                """
        }
    }

    static func document(_ records: some Sequence<String>, separator: String = ",") -> String {
        #"{"Records":[\#(records.joined(separator: separator))]}"#
    }
}

/// What a file gave, in a form that can be compared.
struct Decoded: Equatable, CustomStringConvertible {
    var ids: [String] = []
    var ignored = 0
    var lost: [DeadLetter.Reason] = []
    var indices: [Int] = []

    var read: Int { ids.count + ignored + lost.count }

    mutating func take(_ batch: DecodedBatch) {
        ignored += batch.ignored
        for entry in batch.entries {
            switch entry {
            case .record(let record): ids.append(record.id.description)
            case .lost(let letter):
                lost.append(letter.reason)
                indices.append(letter.recordIndex)
            }
        }
    }

    /// Decodes one file with a window of some size.
    static func file(_ path: String, window: Int = TrailWindow.usualSize) throws -> Decoded {
        var decoded = Decoded()
        var isDone = false
        let file = TrailFile(path: path, kind: .file, size: 0, time: nil)
        try TrailDecoder(window: window).decode(file, index: 0) { batch in
            decoded.take(batch)
            isDone = batch.isLast
            return true
        }
        if !isDone { decoded.lost.append(.outOfMemory) }
        return decoded
    }

    /// What cannot be read of one file, with a window of some size.
    static func lostRecords(of path: String, window: Int) throws -> [LostRecord] {
        var found: [LostRecord] = []
        let file = TrailFile(path: path, kind: .file, size: 0, time: nil)
        try TrailDecoder(window: window).decode(file, index: 0) { batch in
            for case .lost(let letter) in batch.entries { found.append(letter) }
            return true
        }
        return found
    }

    var description: String { "\(ids.count) records, \(ignored) ignored, lost \(lost) at \(indices)" }
}
