internal import CPrefilter
internal import Glibc

// Wrappers of unknown form: whoever ships records puts them into objects of their own making, as they are, as JSON in
// a string (Filebeat's `message`, the `body` of SQS), or as base64 (the `data` of Kinesis).

extension RecordReader {
    /// So many wrappers of unknown form may stand around a record or a known envelope.
    private static let searchedWrappers = 6

    /// No text with fewer bytes holds a record: the shortest name, time and source have more.
    private static let shortestText = 60

    /// Looks for records in the members of an object of unknown form: nil when there is nothing in it.
    func search(
        _ object: JSONValue,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome? {
        guard context.wrappers < Self.searchedWrappers, context.level < limits.nesting else {
            let names = prefilter.names(in: raw)
            guard names.suspicious || names.plain + names.escaped > 0 else { return nil }
            return .refused(Refusal(.tooDeep, "wrappers are nested too deep"), broken: false)
        }
        note(.wrapper)
        var inner = context.inside(raw.count)
        inner.wrappers += 1
        return try searching {
            // The members as they were parsed and as they stand there, side by side.
            var position = raw.skippingSpace(from: 0) + 1
            for (_, value) in object.members {
                guard let member = rawMember(raw, position) else { return }
                try searchValue(value, raw.part(member.value, member.end), inner, body)
                position = raw.skippingSpace(from: member.end) + 1
            }
        }
    }

    /// Looks for records in the elements of a list within a wrapper.
    func searchElements(
        _ list: JSONValue,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        let outcome = try searching {
            var position = raw.skippingSpace(from: 0) + 1
            for value in list.elements {
                let start = raw.skippingSpace(from: position)
                let end = prefilter.extent(in: raw, from: start).end
                try searchValue(value, raw.part(start, end), context, body)
                position = raw.skippingSpace(from: end) + 1
            }
        }
        return outcome ?? .refused(.noRecord, broken: false)
    }

    /// Looks for records in a text within a wrapper: JSON, or base64 of JSON or of compressed data.
    func searchText(
        _ text: UTF8Text,
        _ document: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        let bytes = text.raw
        let start = bytes.skippingSpace(from: 0)
        let inner = context.inside(document.count)
        let outcome = try searching {
            // An object may be known to hold none, however short.
            guard start < bytes.count, bytes[start] == 0x7B || bytes.count - start >= Self.shortestText
            else { return }
            switch bytes[start] {
            case 0x7B, 0x5B, 0x22: try readBytes(bytes, inner, isFile: false, body)
            default:
                guard inner.opensBase64, bytes.mayBePacked(from: start) else { return }
                guard inner.level < limits.nesting else {
                    return try emit(Refusal(.tooDeep, "documents are nested too deep"), bytes, body)
                }
                _ = try readBase64(bytes, inner, isFile: false, body)
            }
        }
        return outcome ?? .refused(.noRecord, broken: false)
    }

    private func searchValue(
        _ value: JSONValue,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows {
        guard overflow == nil, value.isObject || value.isArray || value.isString else { return }
        guard read < maximum else { return stop(at: raw) }
        let before = met
        switch try open(value, raw, .record, context, body) {
        case .done: if met == before { searchProgress.known += 1 }
        case .nothing, .notification: searchProgress.known += 1
        case .refused(let refusal, _):
            if refusal.reason != .unrecognised { try emit(refusal, raw, body) }
        }
    }

    /// What became of a search: nil when nothing was found.
    private func searching(_ look: () throws -> Void) rethrows -> Outcome? {
        let before = (read: read, known: searchProgress.known)
        let wasSearching = searchProgress.isActive
        searchProgress.isActive = true
        defer { searchProgress.isActive = wasSearching }
        try look()
        if read > before.read { return .done }
        return searchProgress.known > before.known ? .nothing : nil
    }
}

extension Refusal {
    /// That a part of a wrapper holds no record; it is told of the whole message only.
    static var noRecord: Refusal { Refusal(.unrecognised, "no record") }

    /// That an object is neither a record nor an envelope: with the names of its members, as far as they fit a line.
    static func unrecognised(_ value: JSONValue) -> Refusal {
        var names: [String] = []
        for (key, _) in value.members {
            guard names.count < 8 else {
                names.append("…")
                break
            }
            let isPlain = key.count <= 32 && key.bytes.allSatisfy { (0x21...0x7E).contains($0) }
            names.append(isPlain ? key.string : "?")
        }
        let members = names.isEmpty ? "nothing" : names.joined(separator: ", ")
        return Refusal(
            .unrecognised,
            "neither a CloudTrail record nor an envelope of one; it has \(members)"
        )
    }

    /// Whether a part of a wrapper that cannot be read is no reason to miss a record: it names no event.
    func isNoRecord(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch reason {
        case .unrecognised: true
        case .notJSON, .truncated, .wrongType, .invalidUTF8: !bytes.namesEvent
        default: false
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether there is an `eventName` in it.
    fileprivate var namesEvent: Bool {
        guard let base = baseAddress else { return false }
        var position = 0
        while let found = memchr(base + position, 0x4E, count - position) {
            position = base.distance(to: UnsafeRawPointer(found)) + 1
            if position > 5, position + 3 <= count, UTF8Text(part(position - 6, position + 3)) == "eventName"
            {
                return true
            }
        }
        return false
    }

    /// Whether a text may be base64 of JSON (white space, `{`, `[`), of gzip or of zstd, by its first letter.
    fileprivate func mayBePacked(from start: Int) -> Bool {
        switch self[start] {
        case UInt8(ascii: "C"), UInt8(ascii: "D"), UInt8(ascii: "I"), UInt8(ascii: "e"), UInt8(ascii: "W"),
            UInt8(ascii: "H"), UInt8(ascii: "K"):
            true
        default: false
        }
    }
}
