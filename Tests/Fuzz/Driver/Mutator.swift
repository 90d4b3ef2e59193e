import CFuzzer
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
