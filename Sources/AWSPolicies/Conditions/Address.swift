/// An IP address or network, as IAM's address operators read it: not quite as others do.
struct Address {
    private let bytes: [UInt8]

    /// The address of a request.
    ///
    /// An IPv4-mapped IPv6 address is the IPv4 address. Nil for what is none, which no operator matches.
    init?(request text: String) {
        guard let bytes = text.contains(":") ? Self.sixteen(text, takesMapped: true) : Self.four(text) else {
            return nil
        }
        let isMapped =
            bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10..<12] == [0xFF, 0xFF]
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    /// Whether any address lies in a network.
    static func isNetwork(_ network: String) -> Bool { range(network) != nil }

    /// Whether it lies in a network; a malformed one holds nothing.
    func isIn(_ network: String) -> Bool {
        guard let (base, length) = Self.range(network) else { return false }
        return bytes.count == base.count && Self.masked(bytes, length) == base
    }

    /// The first address of a network and how many bits all of them have in common; nil for a malformed one.
    private static func range(_ network: String) -> (base: [UInt8], length: Int)? {
        let parts = network.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let isLong = network.contains(":")
        guard
            let base = isLong
                ? Self.sixteen(String(parts[0]), takesMapped: false) : Self.four(String(parts[0]))
        else { return nil }
        var length = base.count * 8
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...length).contains(given) else { return nil }
            length = given
        }
        // Of IPv6 networks no bit behind the prefix may be set.
        let masked = Self.masked(base, length)
        return isLong && masked != base ? nil : (masked, length)
    }

    private static func masked(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> kept)
        }
    }

    /// Four decimal numbers; zeros may lead.
    private static func four(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Eight groups.
    ///
    /// `:::` is read as `::`, one colon at the end is passed over, and one at the start follows a zero.
    private static func sixteen(_ text: String, takesMapped: Bool) -> [UInt8]? {
        var text = text
        if takesMapped, let dotted = text.range(of: "::ffff:", isCaseInsensitivePrefixOf: text) {
            if let mapped = four(String(text[dotted...])) {
                return [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + mapped
            }
        }
        var halves: [[UInt8]] = [[]]
        if text.hasSuffix(":"), !text.hasSuffix("::") { text.removeLast() }
        if text.hasPrefix(":"), !text.hasPrefix("::") { text = "0" + text }
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        var index = 0
        while index < groups.count {
            if groups[index].isEmpty {
                var run = 1
                while index + run < groups.count, groups[index + run].isEmpty { run += 1 }
                let atEdge = index == 0 || index + run == groups.count
                let isWhole = index == 0 && index + run == groups.count
                // A gap of two or three colons; each edge of the text counts for one group that is not there.
                let colons = isWhole ? run - 1 : atEdge ? run : run + 1
                guard halves.count == 1, (2...3).contains(colons) else { return nil }
                halves.append([])
                index += run
                continue
            }
            guard groups[index].utf8.count <= 4, groups[index].utf8.allSatisfy(\.isHexDigit),
                let value = UInt16(groups[index], radix: 16)
            else { return nil }
            halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 0xFF)]
            index += 1
        }
        let known = halves[0].count + (halves.count == 2 ? halves[1].count : 0)
        if halves.count == 1 { return known == 16 ? halves[0] : nil }
        guard known < 16 else { return nil }
        return halves[0] + [UInt8](repeating: 0, count: 16 - known) + halves[1]
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20)
    }
}

extension String {
    /// Where a text goes on behind a prefix that is compared without case.
    fileprivate func range(of prefix: String, isCaseInsensitivePrefixOf text: String) -> Index? {
        text.utf8.count >= prefix.utf8.count && text.prefix(prefix.count).lowercased() == prefix
            ? text.index(text.startIndex, offsetBy: prefix.count) : nil
    }
}
