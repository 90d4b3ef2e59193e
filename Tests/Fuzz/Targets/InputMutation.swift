import CloudTrailTestSupport
import TestSupport

/// Changes to text in lines that leave most of it what it is: JSON, YAML, records.
enum LineMutation {
    /// Changes a line, or which lines there are; `pool` is what others are taken from.
    static func change(_ lines: inout [[UInt8]], _ pool: [[UInt8]], _ random: inout SplitMix64) {
        let place = Int.random(in: 0..<lines.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: lines.insert(lines[place], at: Int.random(in: 0...lines.count, using: &random))
        case 1 where lines.count > 1: lines.remove(at: place)
        case 2: lines.swapAt(place, Int.random(in: 0..<lines.count, using: &random))
        case 3, 4:
            if let other = pool.randomElement(using: &random) {
                lines.insert(other, at: Int.random(in: 0...lines.count, using: &random))
            }
        case 5: if let other = pool.randomElement(using: &random) { splice(&lines[place], other, &random) }
        case 6:
            guard let text = String(validating: lines[place], as: UTF8.self) else { return }
            lines[place] = Array(Mutation.mutate(text, &random).utf8)
        default: Hostility.change(&lines[place], &random)
        }
    }

    /// Puts a quoted part of another line in the place of one of this line.
    private static func splice(_ line: inout [UInt8], _ other: [UInt8], _ random: inout SplitMix64) {
        guard let target = quoted(line, &random), let source = quoted(other, &random) else { return }
        line.replaceSubrange(target, with: other[source])
    }

    private static func quoted(_ line: [UInt8], _ random: inout SplitMix64) -> Range<Int>? {
        let quotes = line.indices.filter { line[$0] == 0x22 }
        guard quotes.count > 1 else { return nil }
        let first = Int.random(in: 0..<quotes.count - 1, using: &random)
        return quotes[first] + 1..<quotes[first + 1]
    }
}

/// Changes to bytes of a format of its own.
enum ByteMutation {
    /// Changes some bytes; `pool` is what the ends of others are taken from.
    static func change(_ bytes: inout [UInt8], _ pool: [[UInt8]], _ random: inout SplitMix64) {
        guard !bytes.isEmpty else { return bytes = pool.randomElement(using: &random) ?? [] }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let part = place..<min(bytes.count, place + Int.random(in: 1...16, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes[place] &+= Bool.random(using: &random) ? 1 : 255
        case 3: bytes.removeSubrange(part)
        case 4: bytes.insert(contentsOf: bytes[part], at: Int.random(in: 0...bytes.count, using: &random))
        case 5:
            let extreme: UInt8 = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random) ?? 0
            bytes.replaceSubrange(part, with: repeatElement(extreme, count: part.count))
        case 6: bytes.removeSubrange(place...)
        default:
            guard let other = pool.randomElement(using: &random), !other.isEmpty else { return }
            let rest = other[Int.random(in: 0..<other.count, using: &random)...]
            bytes.replaceSubrange(place..., with: rest)
        }
    }
}
