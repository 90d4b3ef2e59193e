import Foundation

/// What a run of a target begins with: the seeds, and what the repository keeps.
struct Preparation {
    private let inputs: [[UInt8]]
    private let words: [String]

    init(_ target: any FuzzTarget.Type) throws {
        let seeds = try target.seeds()
        inputs = seeds + Fuzzing.kept("Corpus", of: target) + Fuzzing.kept("Crashers", of: target)
        words = target.isText ? Self.words(of: seeds) : []
    }

    /// Writes each input as a file, and `FOLDER.dict`.
    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, input) in inputs.enumerated() {
            try Data(input).write(to: URL(fileURLWithPath: "\(folder)/\(index)"))
        }
        let lines = words.map { word in "\"\(word)\"\n" }.joined()
        try Data(lines.utf8).write(to: URL(fileURLWithPath: "\(folder).dict"))
    }

    /// The words of texts that are no numbers or ids, as libFuzzer's dictionaries have them.
    private static func words(of texts: [[UInt8]]) -> [String] {
        var counts: [String: Int] = [:]
        for text in texts {
            for word in text.split(whereSeparator: { !isPart($0) }) where (3...40).contains(word.count) {
                guard let first = word.first, !(0x30...0x39).contains(first) else { continue }
                counts[String(decoding: word, as: UTF8.self), default: 0] += 1
            }
        }
        let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return sorted.prefix(1000).map(\.key).sorted()
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
        default: false
        }
    }
}
