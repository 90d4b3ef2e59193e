internal import CloudTrail
internal import Configuration

/// Writes HTML into which nothing from outside can put markup: elements, attributes and their fixed values are
/// literals of the program, and text goes in by `text`, which escapes it, and by nothing else.
struct HTMLWriter {
    private(set) var bytes: [UInt8] = []

    /// An attribute with a value that no record can choose.
    struct Attribute {
        fileprivate let name: StaticString
        fileprivate let value: String

        private init(_ name: StaticString, _ value: String) { (self.name, self.value) = (name, value) }

        /// A value that stands in the program.
        static func fixed(_ name: StaticString, _ value: StaticString) -> Attribute {
            Attribute(name, value.description)
        }
        static func `class`(_ name: StaticString) -> Attribute { fixed("class", name) }
        static func id(_ anchor: Anchor) -> Attribute { Attribute("id", anchor.name) }
        /// A link within the page.
        static func href(_ anchor: Anchor) -> Attribute { Attribute("href", "#" + anchor.name) }
        /// A link to a page of the web that a rule of the program names; nil when it is none over https.
        static func href(reference: String) -> Attribute? {
            let isPlain = reference.utf8.allSatisfy { byte in
                switch byte {
                case 0x21, 0x23...0x25, 0x2A...0x3B, 0x3D, 0x3F...0x5A, 0x5F, 0x61...0x7A, 0x7E: true
                default: false
                }
            }
            return reference.hasBytes(prefix: "https://") && isPlain ? Attribute("href", reference) : nil
        }
        /// The name of the section that an anchor's heading gives.
        static func labelled(by anchor: Anchor) -> Attribute { Attribute("aria-labelledby", anchor.name) }
    }

    /// A place in the page: letters, digits and hyphens.
    struct Anchor: Hashable {
        fileprivate let name: String

        /// One of the program's own.
        init(_ name: StaticString) { self.name = name.description }
        /// One of many.
        init(_ kind: StaticString, _ number: Int) { name = "\(kind)-\(number)" }
    }

    /// Starts a page.
    mutating func doctype() { put("<!DOCTYPE html>\n") }

    /// An element and what is in it.
    mutating func element(
        _ name: StaticString,
        _ attributes: Attribute?...,
        body: (inout HTMLWriter) throws -> Void
    ) rethrows {
        open(name, attributes)
        try body(&self)
        put("</")
        put(name)
        put(">")
    }

    /// An element with a text in it.
    mutating func element(_ name: StaticString, _ attributes: Attribute?..., text: String) {
        open(name, attributes)
        self.text(text)
        put("</")
        put(name)
        put(">")
    }

    /// An element that has no end.
    mutating func void(_ name: StaticString, _ attributes: Attribute?...) { open(name, attributes) }

    /// A style sheet, which stands in the program.
    mutating func style(_ sheet: StaticString) {
        put("<style>")
        put(sheet)
        put("</style>\n")
    }

    /// A line's end, for readers of the source.
    mutating func newline() { bytes.append(0x0A) }

    private mutating func open(_ name: StaticString, _ attributes: [Attribute?]) {
        put("<")
        put(name)
        for case let attribute? in attributes {
            put(" ")
            put(attribute.name)
            put("=\"")
            attribute.value.utf8.forEach { escape($0) }
            put("\"")
        }
        put(">")
    }

    /// A text, whoever wrote it: markup is escaped, and characters that would not be seen, or would turn the direction
    /// of writing, are shown as their numbers.
    ///
    /// Of more than `limit` scalars the first are shown, and it is said how many more there were.
    mutating func text(_ text: String, limit: Int = HTMLWriter.longText) {
        // Nearly all texts are plain ASCII, and short.
        if text.utf8.count <= limit, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) {
            text.utf8.forEach { escape($0) }
            return
        }
        let scalars = text.unicodeScalars
        for scalar in scalars.prefix(limit) {
            guard String.steers(scalar) else {
                String(scalar).utf8.forEach { escape($0) }
                continue
            }
            put("<span class=\"steers\">")
            String(scalar).oneLine.utf8.forEach { escape($0) }
            put("</span>")
        }
        let left = scalars.count - limit
        if left > 0 {
            put("<span class=\"cut\">")
            self.text(" … (\(Numbers.grouped(left)) more characters)")
            put("</span>")
        }
    }

    /// Texts that are longer are cut.
    static let longText = 2000

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x26: put("&amp;")
        case 0x3C: put("&lt;")
        case 0x3E: put("&gt;")
        case 0x22: put("&quot;")
        case 0x27: put("&#39;")
        default: bytes.append(byte)
        }
    }

    private mutating func put(_ literal: StaticString) {
        literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }
}
