internal import Glibc

extension UTF8Text {
    /// Whether an error's message says that block public access, or a policy of the organization, forbids the call:
    /// then it does not matter which code it came with.
    var namesGuardrail: Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { small in
            for index in bytes.indices {
                let byte = bytes[index]
                small[index] = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            }
            let message = UTF8Text(UnsafeBufferPointer(small))
            if message.contains("block public access") { return true }
            guard message.contains("polic") else { return false }
            return message.contains("organization") || message.contains("service control")
                || message.contains("resource control") || message.contains("declarative")
        }
    }

    private func contains(_ words: StaticString) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        var position = 0
        while position + words.utf8CodeUnitCount <= count {
            let rest = count - words.utf8CodeUnitCount + 1 - position
            guard let found = memchr(base + position, Int32(words.utf8Start[0]), rest) else { return false }
            if memcmp(found, words.utf8Start, words.utf8CodeUnitCount) == 0 { return true }
            position = UnsafeRawPointer(base).distance(to: found) + 1
        }
        return false
    }
}
