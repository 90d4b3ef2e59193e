import CFuzzer
import CloudTrailTestSupport
import TestSupport

/// Changes an input: in libFuzzer's own ways, or in those that leave lines and JSON what they are.
@c(LLVMFuzzerCustomMutator)
public func mutate(
    _ data: UnsafeMutablePointer<UInt8>,
    _ size: Int,
    _ maximum: Int,
    _ seed: UInt32
) -> Int {
    var random = SplitMix64(seed: UInt64(seed))
    guard let pool = Session.lines, Bool.random(using: &random) else {
        return LLVMFuzzerMutate(data, size, maximum)
    }
    var lines = UnsafeBufferPointer(start: data, count: size).split(
        separator: 0x0A,
        omittingEmptySubsequences: false
    ).map(Array.init)
    LineMutation.change(&lines, pool, &random)
    let bytes = Array(lines.joined(separator: [0x0A]))
    guard bytes.count <= maximum, !bytes.isEmpty else { return LLVMFuzzerMutate(data, size, maximum) }
    var count = 0
    for byte in bytes {
        data[count] = byte
        count += 1
    }
    return count
}

private enum LineMutation {
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
