/// Why the parameters of a call cannot be read, for people.
struct Unreadable: Error {
    var reason: ExactText

    init(_ reason: ExactText) { self.reason = reason }
}

/// What was sent with a call and what came back, in whichever of EC2's two dialects: flat, or wrapped in an
/// `<Op>Request` and an `<Op>Response`.
struct Parameters {
    /// One of the two sides.
    enum Side {
        /// Absent or null: so is the response of every failed call.
        case missing
        /// Left out by CloudTrail, because too large.
        case omitted
        /// Neither an object nor the empty text.
        case unknown
        /// The empty text, which the wrapped dialect has for no parameters.
        case empty
        /// The members.
        case fields(JSONValue)

        var value: JSONValue? {
            if case .fields(let value) = self { value } else { nil }
        }
    }

    let call: WatchedCall
    let request: Side
    let response: Side
    /// What a service tells of itself: an event of type `AwsServiceEvent` has no parameters.
    let details: JSONValue?
    let failed: Bool
    /// Whether a launch keeps what it asks to be authorised on.
    let readsLaunchRequest: Bool

    init(
        call: WatchedCall,
        request: JSONValue?,
        response: JSONValue?,
        details: JSONValue?,
        failed: Bool,
        readsLaunchRequest: Bool,
        parsing parse: (_ number: Int, _ text: UTF8Text) -> JSONValue?
    ) {
        self.call = call
        self.failed = failed
        self.readsLaunchRequest = readsLaunchRequest
        self.request = Self.side(request, call, "Request") { parse(0, $0) }
        self.response = failed ? .missing : Self.side(response, call, "Response") { parse(1, $0) }
        self.details = details.flatMap { Self.side($0, call, "Details") { parse(2, $0) }.value }
    }

    private static func side(
        _ value: JSONValue?,
        _ call: WatchedCall,
        _ suffix: StaticString,
        _ parse: (UTF8Text) -> JSONValue?
    ) -> Side {
        guard let value, !value.isNull else { return .missing }
        if let text = value.text {
            // Some converters leave the parameters as JSON in a string.
            guard text.hasPrefix("{"), let inner = parse(text), inner.isObject else {
                return text.isEmpty ? .missing : .unknown
            }
            return unwrap(inner, call, suffix)
        }
        return value.isObject ? unwrap(value, call, suffix) : .unknown
    }

    private static func unwrap(_ object: JSONValue, _ call: WatchedCall, _ suffix: StaticString) -> Side {
        if object.member("omitted")?.bool == true { return .omitted }
        let name = call.name.utf8
        for (key, value) in object.members
        where key.count == name.count + suffix.utf8CodeUnitCount && isName(key, name, suffix) {
            if value.isObject { return value.member("omitted")?.bool == true ? .omitted : .fields(value) }
            if let text = value.text, text.isEmpty { return .empty }
            return value.isNull ? .empty : .unknown
        }
        return .fields(object)
    }

    private static func isName(_ key: UTF8Text, _ name: String.UTF8View, _ suffix: StaticString) -> Bool {
        guard let first = key.bytes.first, let capital = name.first, first | 0x20 == capital | 0x20 else {
            return false
        }
        return key.bytes.dropFirst().starts(with: name.dropFirst())
            && UTF8Text(UnsafeBufferPointer(rebasing: key.bytes[name.count...])) == suffix
    }

    /// The account that the response names as the owner of what the call made.
    var owner: AccountID? { response.value?.member("ownerId").flatMap { AccountID($0) } }

    /// The request's members; none of them when the request is known to be empty.
    func requestFields() throws(Unreadable) -> JSONValue? {
        switch request {
        case .fields(let value): return value
        case .empty: return nil
        case .missing: throw Unreadable("requestParameters are missing")
        case .omitted: throw Unreadable("CloudTrail omitted requestParameters because they are too large")
        case .unknown: throw Unreadable("requestParameters are of an unknown shape")
        }
    }

    /// The response's member of a name, unless there is no readable response.
    func answer(_ name: StaticString) -> JSONValue? { response.value?.field(name) }

    /// The image that the request names.
    func requestedImage() throws(Unreadable) -> ResourceID {
        guard let image = try requestFields()?.field("imageId")?.id else {
            throw Unreadable("imageId is missing")
        }
        return image
    }
}

extension JSONValue {
    /// A scalar as text, out of its `content` wrapper where it has one; nil for null and for the empty text.
    var plain: String? {
        if isObject { return member("content")?.scalar.flatMap { $0.isEmpty ? nil : $0 } }
        guard let scalar, !scalar.isEmpty else { return nil }
        return scalar
    }

    /// The same, to be compared.
    var exact: ExactText? { plain.map { ExactText($0) } }

    /// The id of a resource.
    var id: ResourceID? {
        if let text { return text.isEmpty ? nil : ResourceID(utf8: text.bytes) }
        return plain.map { ResourceID($0) }
    }

    /// A truth value, also as text.
    var flag: Bool? {
        if let bool { return bool }
        guard let plain else { return nil }
        func isWord(_ word: String) -> Bool {
            plain.utf8.lazy.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }.elementsEqual(word.utf8)
        }
        return isWord("true") ? true : isWord("false") ? false : nil
    }

    /// A whole number, also as text or wrapped.
    var wholeNumber: Int? {
        if isObject { return member("content")?.wholeNumber }
        return integer.map { Int($0) } ?? text.flatMap { Int($0.string) }
    }
}
