internal import CloudTrail

extension JSONWriter {
    /// A member that is there only when its value is known.
    mutating func known(_ name: StaticString, _ text: String?) {
        if let text { member(name, text) }
    }

    /// A member that is there only when its value is known.
    mutating func known(_ name: StaticString, _ value: Int?) {
        if let value { member(name, value) }
    }

    /// A member: a number of 64 bits.
    mutating func member(_ name: StaticString, _ value: Int64) { member(name, Int(value)) }

    /// A member: an object.
    mutating func object(_ name: StaticString, _ members: (inout JSONWriter) -> Void) {
        key(name)
        object(members)
    }

    /// A member: an array.
    mutating func array(_ name: StaticString, _ elements: (inout JSONWriter) -> Void) {
        key(name)
        array(elements)
    }

    /// A member: an array of texts, which is there only when it has any.
    mutating func known(_ name: StaticString, _ texts: [String]) {
        guard !texts.isEmpty else { return }
        array(name) { json in for text in texts { json.string(text) } }
    }
}

extension String {
    /// The text, or as much of its beginning as fits into so many bytes of UTF-8, with an ellipsis.
    func clipped(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var scalars = String.UnicodeScalarView()
        var room = limit - 3
        for scalar in unicodeScalars {
            room -= UTF8.width(scalar)
            guard room >= 0 else { break }
            scalars.append(scalar)
        }
        return String(scalars) + "…"
    }
}
