import CYAML

/// Reads YAML into nodes, through libyaml's events: its document API resolves aliases before anybody sees them, lets
/// cycles pass, and does not tell where an alias stood.
///
/// What lets one file mean different things to different readers is refused: aliases, merge keys, tags.
struct YAMLDocument {
    /// Deeper nesting is refused.
    static let maximumDepth = 64

    private let file: String
    private let input: UnsafeBufferPointer<UInt8>
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var depth = 0
    /// What was refused without ending the reading.
    private(set) var refused: [DocumentFault] = []

    /// The one document of a file (nil when there is nothing but white space and comments), and what was refused in it.
    static func read(_ bytes: [UInt8], file: String) -> (root: Node?, faults: [DocumentFault]) {
        if let fault = DocumentFault.encoding(of: bytes, file: file) { return (nil, [fault]) }
        // libyaml's parser points into itself and into the input: both stay where they are until it is deleted.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            return (
                nil,
                [DocumentFault(location: FileLocation(file: file), message: "no memory to read the file")]
            )
        }
        defer { yaml_parser_delete(parser) }
        return bytes.withUnsafeBufferPointer { input in
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, input.baseAddress, input.count)
            var document = YAMLDocument(file: file, input: input, parser: parser)
            do throws(DocumentFault) {
                let root = try document.stream()
                return (root, document.refused)
            } catch {
                return (nil, document.refused + [error])
            }
        }
    }

    private init(
        file: String,
        input: UnsafeBufferPointer<UInt8>,
        parser: UnsafeMutablePointer<yaml_parser_t>
    ) {
        self.file = file
        self.input = input
        self.parser = parser
    }

    /// What of an event is used further on.
    private enum Step {
        case scalar(String, Node.Style)
        case sequenceStart
        case mappingStart
        case alias(String)
        case documentStart
        case streamEnd
        case end
    }

    private mutating func stream() throws(DocumentFault) -> Node? {
        var root: Node?
        while true {
            let (step, location) = try next()
            switch step {
            case .streamEnd: return root
            case .documentStart:
                guard root == nil else {
                    throw DocumentFault(
                        location: location,
                        message: "the file holds a second document; only one is read"
                    )
                }
                let (first, start) = try next()
                root = try node(first, at: start)
            default: break
            }
        }
    }

    private mutating func node(_ step: Step, at location: FileLocation) throws(DocumentFault) -> Node {
        switch step {
        case .scalar(let text, let style): return Node(location: location, value: .scalar(text, style))
        case .alias(let name):
            refused.append(
                DocumentFault(
                    location: location,
                    message: "aliases (*\(name)) are not supported",
                    instead: "\"*\(name)\" for a string, or the value itself once more"
                )
            )
            return Node(location: location, value: .refused)
        case .sequenceStart:
            try enter(location)
            var items: [Node] = []
            while true {
                let (step, start) = try next()
                if case .end = step { break }
                items.append(try node(step, at: start))
            }
            depth -= 1
            return Node(location: location, value: .sequence(items))
        case .mappingStart:
            try enter(location)
            let entries = try entries()
            depth -= 1
            return Node(location: location, value: .mapping(entries))
        case .documentStart, .streamEnd, .end:
            throw DocumentFault(location: location, message: "a value is missing here")
        }
    }

    private mutating func entries() throws(DocumentFault) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        while true {
            let (step, location) = try next()
            if case .end = step { return entries }
            let key = try node(step, at: location)
            let (first, start) = try next()
            let value = try node(first, at: start)
            switch key.value {
            case .scalar("<<", .plain):
                refused.append(
                    DocumentFault(
                        location: location,
                        message: "merge keys (<<) are not supported",
                        instead: "the keys themselves"
                    )
                )
            case .scalar(let text, _):
                entries.append(Node.Entry(key: text, location: location, value: value))
            case .refused: break
            case .sequence, .mapping:
                refused.append(
                    DocumentFault(location: location, message: "a key must be a string, not \(key.kind)")
                )
            }
        }
    }

    private mutating func enter(_ location: FileLocation) throws(DocumentFault) {
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw DocumentFault(location: location, message: "nested deeper than \(Self.maximumDepth) levels")
        }
    }

    private mutating func next() throws(DocumentFault) -> (Step, FileLocation) {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxFault() }
            defer { yaml_event_delete(&event) }
            let location = location(event.start_mark)
            switch event.type {
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                refuse(tag: scalar.tag, at: location)
                let text = String(
                    decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                    as: UTF8.self
                )
                return (.scalar(text, scalar.style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted), location)
            case YAML_SEQUENCE_START_EVENT:
                refuse(tag: event.data.sequence_start.tag, at: location)
                return (.sequenceStart, location)
            case YAML_MAPPING_START_EVENT:
                refuse(tag: event.data.mapping_start.tag, at: location)
                return (.mappingStart, location)
            case YAML_ALIAS_EVENT: return (.alias(Self.text(event.data.alias.anchor)), location)
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return (.end, location)
            case YAML_DOCUMENT_START_EVENT: return (.documentStart, location)
            case YAML_STREAM_END_EVENT: return (.streamEnd, location)
            default: continue
            }
        }
    }

    private mutating func refuse(tag: UnsafeMutablePointer<yaml_char_t>?, at location: FileLocation) {
        guard let tag else { return }
        refused.append(
            DocumentFault(
                location: location,
                message: "tags (\(Self.text(tag))) are not supported",
                instead: "a string in quotes, anything else without"
            )
        )
    }

    private func location(_ mark: yaml_mark_t) -> FileLocation {
        FileLocation(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func syntaxFault() -> DocumentFault {
        if parser.pointee.error == YAML_READER_ERROR {
            // libyaml reads ahead: its mark still stands at what it has handed out.
            let before = input.prefix(Int(parser.pointee.problem_offset))
            let line = before.count { $0 == 0x0A } + 1
            let start = (before.lastIndex(of: 0x0A) ?? -1) + 1
            let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
            let code = String(parser.pointee.problem_value, radix: 16, uppercase: true)
            return DocumentFault(
                location: FileLocation(file: file, line: line, column: column),
                message: "character U+\(code) is not allowed here"
            )
        }
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "this is not YAML"
        var message = Self.hint(for: problem) ?? problem
        // Where the unclosed bracket, quote or block began helps more than where libyaml noticed it.
        if let context = parser.pointee.context {
            let began = location(parser.pointee.context_mark)
            if began != location(parser.pointee.problem_mark) {
                message +=
                    " (\(String(cString: context)) that begins at \(began.line ?? 0):\(began.column ?? 0))"
            }
        }
        return DocumentFault(location: location(parser.pointee.problem_mark), message: message)
    }

    /// What people usually did when libyaml says this.
    private static func hint(for problem: String) -> String? {
        switch problem {
        case "mapping values are not allowed in this context":
            "a colon and a space stand within a string that is not quoted, or the indentation is wrong"
        case "did not find expected key", "did not find expected '-' indicator":
            "what stands here does not continue what is above it: look at the indentation"
        case "found character that cannot start any token":
            "nothing can begin with this character: quote the string, and indent with spaces, not tabs"
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            "a comma, a quote or the closing bracket is missing before this"
        case "found unexpected end of stream": "the file ends within a quoted string"
        default: nil
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String {
        guard let bytes else { return "" }
        return String(cString: bytes)
    }
}
