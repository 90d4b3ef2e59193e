internal import CSimdjson

/// simdjson's DOM parser with its buffers, reused from text to text; one for each level of nesting.
///
/// Of a key that an object has twice the last one counts, as in most parsers; the prefilter looks at every one, so
/// it is sound under either rule. What stands in texts and numbers that nobody reads must not lose a record: half a
/// surrogate pair, which is left where a text was cut, is read as U+FFFD, a control character without an escape as
/// itself, and a number outside 64 bits, which no field that is read has, as 0.
package final class JSONParser {
    private let parser: OpaquePointer?

    /// A parser for texts nested so deep at most.
    package init(depth: Int) { parser = amiwatch_json_new(depth) }

    deinit { amiwatch_json_free(parser) }

    /// The root of exactly one JSON value; valid until the next call, and as long as the text.
    package func parse(_ text: UnsafeRawBufferPointer) throws(Problem) -> JSONValue {
        guard let parser else { throw .outOfMemory }
        var document = amiwatch_json_document()
        let status = amiwatch_json_parse(
            parser,
            text.baseAddress?.assumingMemoryBound(to: UInt8.self),
            text.count,
            &document
        )
        switch status {
        case AMIWATCH_JSON_OK: break
        case AMIWATCH_JSON_TOO_DEEP: throw .tooDeep
        case AMIWATCH_JSON_INVALID_UTF8: throw .invalidUTF8
        case AMIWATCH_JSON_OUT_OF_MEMORY: throw .outOfMemory
        default: throw .malformed(String(cString: amiwatch_json_text(status)))
        }
        guard let tape = document.tape, let strings = document.strings else { throw .outOfMemory }
        return JSONValue(tape: tape, strings: strings, index: 1)
    }

    /// Why a text cannot be parsed.
    package enum Problem: Error {
        case malformed(String)
        case tooDeep
        case invalidUTF8
        case outOfMemory
    }
}
