/// Text with `*` and `?`, in UTF-16 units as IAM counts them.
struct WildcardPattern: Hashable, Sendable {
    private enum Unit: Hashable { case exactly(UInt16), anyUnit, anyText }
    private var units: [Unit] = []

    mutating func append(_ text: String) { units.append(contentsOf: text.utf16.map { .exactly($0) }) }
    mutating func appendAnyUnit() { units.append(.anyUnit) }
    mutating func appendAnyText() { units.append(.anyText) }

    /// The text, where no wildcard stands in it; with a wildcard its character.
    var text: String {
        String(
            decoding: units.map { unit -> UInt16 in
                switch unit {
                case .exactly(let unit): unit
                case .anyUnit: UInt16(UInt8(ascii: "?"))
                case .anyText: UInt16(UInt8(ascii: "*"))
                }
            },
            as: UTF16.self
        )
    }

    /// Its parts between colons, `count` at most: the last takes further colons.
    func split(atMost count: Int) -> [WildcardPattern] {
        var parts = [WildcardPattern()]
        for unit in units {
            if unit == .exactly(UInt16(UInt8(ascii: ":"))), parts.count < count {
                parts.append(WildcardPattern())
            } else {
                parts[parts.count - 1].units.append(unit)
            }
        }
        return parts
    }

    /// Whether it matches a text as a whole; steps at most the product of the lengths.
    func matches(_ text: some Sequence<UInt16>) -> Bool {
        let text = Array(text)
        var (next, position) = (0, 0)
        var retry: (next: Int, position: Int)?
        while position < text.count {
            if next < units.count, units[next] == .anyText {
                retry = (next, position)
                next += 1
            } else if next < units.count, units[next] == .anyUnit || units[next] == .exactly(text[position]) {
                next += 1
                position += 1
            } else if let last = retry {
                retry = (last.next, last.position + 1)
                next = last.next + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return units[next...].allSatisfy { $0 == .anyText }
    }
}
