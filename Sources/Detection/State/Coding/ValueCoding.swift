import CloudTrail

// The parts from which keys and values of the changelog are made. Tags are part of the format: never reuse one.

extension ByteWriter {
    mutating func scope(_ scope: AccountRegion) {
        unsigned(scope.account.number)
        text(scope.region)
    }

    mutating func grantee(_ grantee: Grantee) {
        switch grantee {
        case .everyone: byte(0)
        case .account(let account):
            byte(1)
            unsigned(account.number)
        case .organization(let arn):
            byte(2)
            text(arn)
        case .organizationalUnit(let arn):
            byte(3)
            text(arn)
        }
    }

    mutating func tags(_ tags: [ExactText: ExactText]) {
        list(tags.sorted { $0.key < $1.key }) {
            $0.text($1.key.string)
            $0.text($1.value.string)
        }
    }

    mutating func criterion(_ criterion: ImageCriterion) {
        for values in [criterion.providers, criterion.names, criterion.productCodes] {
            optional(values) { $0.list($1) { $0.text($1.string) } }
        }
        for days in [criterion.maximumDaysSinceCreated, criterion.maximumDaysSinceDeprecated] {
            optional(days) { $0.signed(Int64($1)) }
        }
        tags(criterion.unknown)
    }

    mutating func value(_ value: FactValue) {
        switch value {
        case .allowedImages(let state): tagged(0) { $0.text(state.rawValue) }
        case .criteria(let criteria): tagged(1) { $0.list(criteria) { $0.criterion($1) } }
        case .blockPublicAccess(let state): tagged(2) { $0.text(state.rawValue) }
        case .text(let text): tagged(3) { $0.optional(text) { $0.text($1.string) } }
        case .account(let account): tagged(4) { $0.unsigned(account.number) }
        case .date(let date): tagged(5) { $0.optional(date) { $0.signed($1.seconds) } }
        case .productCodes(let codes): tagged(6) { $0.list(codes) { $0.text($1.string) } }
        case .granted: byte(7)
        case .revoked: byte(8)
        case .grantees(let grantees): tagged(9) { $0.list(grantees) { $0.grantee($1) } }
        case .tagSet(let text): tagged(10) { $0.text(text.string) }
        case .tagDeleted(let text): tagged(11) { $0.optional(text) { $0.text($1.string) } }
        case .allTags(let tags, let source):
            tagged(12) {
                $0.tags(tags)
                $0.optional(source) { $0.resource($1) }
            }
        case .created(let tags): tagged(13) { $0.optional(tags) { $0.tags($1) } }
        case .disabled: byte(14)
        case .enabled: byte(15)
        case .deregistered: byte(16)
        case .launched(let image): tagged(17) { $0.optional(image) { $0.resource($1) } }
        case .seen(let image): tagged(18) { $0.optional(image) { $0.resource($1) } }
        case .terminated: byte(19)
        case .share(let image, let grantees):
            tagged(20) {
                $0.resource(image)
                $0.list(grantees) { $0.grantee($1) }
            }
        case .madePublic(let image): tagged(21) { $0.resource(image) }
        case .active: byte(22)
        case .unreadable(let reason): tagged(23) { $0.text(reason.string) }
        case .members(let members): tagged(24) { $0.list(members) { $0.unsigned($1.number) } }
        case .unreadableRemoval(let reason): tagged(25) { $0.text(reason.string) }
        case .restored: byte(26)
        case .accountAlone(let account): tagged(27) { $0.unsigned(account.number) }
        case .joined(let organization): tagged(28) { $0.optional(organization) { $0.text($1.string) } }
        case .left(let organization): tagged(29) { $0.optional(organization) { $0.text($1.string) } }
        case .fields(let fields): tagged(30) { $0.fields(fields) }
        }
    }

    mutating func tagged(_ tag: UInt8, _ body: (inout ByteWriter) -> Void) {
        byte(tag)
        body(&self)
    }
}

extension ByteReader {
    mutating func account() throws(StateError) -> AccountID {
        let number = try unsigned()
        if number == 0 { return .none }
        guard let account = AccountID(padding: number) else {
            throw .malformed("an account has over 12 digits")
        }
        return account
    }

    mutating func scope() throws(StateError) -> AccountRegion { AccountRegion(try account(), try text()) }

    /// A time that some record can have, told by its seconds from another one.
    mutating func time(since origin: EventTime = EventTime(seconds: 0)) throws(StateError) -> EventTime {
        let time = EventTime(seconds: origin.seconds &+ (try signed()))
        guard Self.times.contains(time.seconds) || time == .distantPast || time == .distantFuture else {
            throw .malformed("a time \(time.seconds) seconds from 1970 is out of range")
        }
        return time
    }

    /// What 64 bits of milliseconds can tell, which is the most that any record can.
    private static let times = (Int64.min / 1000 - 1)...(Int64.max / 1000)

    mutating func grantee() throws(StateError) -> Grantee {
        switch try byte() {
        case 0: .everyone
        case 1: .account(try account())
        case 2: .organization(try text())
        case 3: .organizationalUnit(try text())
        case let tag: throw .malformed("no grantee has tag \(tag)")
        }
    }

    mutating func tags() throws(StateError) -> [ExactText: ExactText] {
        var tags: [ExactText: ExactText] = [:]
        for _ in 0..<(try count()) {
            let key = ExactText(try text())
            tags[key] = ExactText(try text())
        }
        return tags
    }

    mutating func optionalText() throws(StateError) -> String? {
        try optional { (reader) throws(StateError) in try reader.text() }
    }

    mutating func texts() throws(StateError) -> [ExactText] {
        try list { (reader) throws(StateError) in ExactText(try reader.text()) }
    }

    private mutating func grantees() throws(StateError) -> [Grantee] {
        try list { (reader) throws(StateError) in try reader.grantee() }
    }

    private mutating func optionalResource() throws(StateError) -> ResourceID? {
        try optional { (reader) throws(StateError) in try reader.resource() }
    }

    private mutating func criterion() throws(StateError) -> ImageCriterion {
        func texts(_ reader: inout ByteReader) throws(StateError) -> [ExactText] { try reader.texts() }
        func days(_ reader: inout ByteReader) throws(StateError) -> Int {
            let days = Int(try reader.signed())
            guard ImageCriterion.days.contains(days) else {
                throw .malformed("an age of \(days) days is out of range")
            }
            return days
        }
        return ImageCriterion(
            providers: try optional(texts),
            names: try optional(texts),
            productCodes: try optional(texts),
            maximumDaysSinceCreated: try optional(days),
            maximumDaysSinceDeprecated: try optional(days),
            unknown: try tags()
        )
    }

    private mutating func choice<Value: RawRepresentable<String>>() throws(StateError) -> Value {
        let text = try text()
        guard let value = Value(rawValue: text) else { throw .malformed("no setting is \(text)") }
        return value
    }

    mutating func value() throws(StateError) -> FactValue {
        switch try byte() {
        case 0: .allowedImages(try choice())
        case 1: .criteria(try list { (reader) throws(StateError) in try reader.criterion() })
        case 2: .blockPublicAccess(try choice())
        case 3: .text(try optionalText().map { ExactText($0) })
        case 4: .account(try account())
        case 5: .date(try optional { (reader) throws(StateError) in try reader.time() })
        case 6: .productCodes(try texts())
        case 7: .granted
        case 8: .revoked
        case 9: .grantees(try grantees())
        case 10: .tagSet(ExactText(try text()))
        case 11: .tagDeleted(try optionalText().map { ExactText($0) })
        case 12: .allTags(try tags(), copiedFrom: try optionalResource())
        case 13: .created(snapshotTags: try optional { (reader) throws(StateError) in try reader.tags() })
        case 14: .disabled
        case 15: .enabled
        case 16: .deregistered
        case 17: .launched(try optionalResource())
        case 18: .seen(try optionalResource())
        case 19: .terminated
        case 20: .share(try resource(), try grantees())
        case 21: .madePublic(try resource())
        case 22: .active
        case 23: .unreadable(ExactText(try text()))
        case 24: .members(try list { (reader) throws(StateError) in try reader.account() })
        case 25: .unreadableRemoval(ExactText(try text()))
        case 26: .restored
        case 27: .accountAlone(try account())
        case 28: .joined(try optionalText().map { ExactText($0) })
        case 29: .left(try optionalText().map { ExactText($0) })
        case 30: .fields(try fields())
        case let tag: throw .malformed("no fact has tag \(tag)")
        }
    }
}
