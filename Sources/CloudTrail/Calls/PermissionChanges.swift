/// What a call that modifies an attribute does to the permissions to use a resource.
struct PermissionChange {
    /// Those added, sorted by their text, each once.
    private(set) var added: [Grantee] = []
    /// Those removed, likewise.
    private(set) var removed: [Grantee] = []
    /// Why further grantees that were added could not be read, when there are such.
    private(set) var unread: ExactText?
    /// The same of those that were removed.
    private(set) var unreadRemoval: ExactText?

    /// Nil when the call modifies another attribute than the permissions.
    init?(_ parameters: Parameters, to permissions: StaticString) throws(Unreadable) {
        guard let request = try parameters.requestFields() else {
            throw Unreadable("requestParameters are empty")
        }
        let attribute = (request.field("attributeType") ?? request.field("attribute"))?.plain
        let change = request.field(permissions)
        if let attribute, !Self.isNamed(attribute, permissions) { return nil }
        var (unread, unreadRemoval) = (UnreadGrantees(), UnreadGrantees())
        if let change, change.isObject, change.field("add") != nil || change.field("remove") != nil {
            added = Grantee.list(change.field("add").list, &unread)
            removed = Grantee.list(change.field("remove").list, &unreadRemoval)
            if !parameters.failed, let reason = unread.reason, added.isEmpty, removed.isEmpty {
                throw Unreadable(reason)
            }
        } else if let operation = request.field("operationType")?.plain {
            // The form with an operation and plain lists, which no known record has.
            switch operation {
            case "add": added = Self.plainList(request, &unread)
            case "remove": removed = Self.plainList(request, &unreadRemoval)
            default: throw Unreadable("unknown operation \(operation)")
            }
            guard !added.isEmpty || !removed.isEmpty || unreadRemoval.reason != nil else {
                throw Unreadable(unread.reason ?? "no grantee is named")
            }
        } else if attribute == nil, change == nil, Self.hasOtherAttribute(request) {
            return nil
        } else {
            throw Unreadable(
                attribute == nil && change == nil
                    ? "attributeType is missing" : "\(permissions) is missing or of an unknown shape"
            )
        }
        if !parameters.failed { (self.unread, self.unreadRemoval) = (unread.reason, unreadRemoval.reason) }
    }

    /// Whether an attribute is the permissions, in one of AWS's two spellings: `launchPermission`, `LAUNCH_PERMISSION`.
    static func isNamed(_ attribute: String, _ permissions: StaticString) -> Bool {
        permissions.withUTF8Buffer { name in
            attribute.utf8.lazy.filter { $0 != 0x5F }.map { $0 | 0x20 }.elementsEqual(name.map { $0 | 0x20 })
        }
    }

    /// Without the name of the attribute its value has the attribute's name.
    private static func hasOtherAttribute(_ request: JSONValue) -> Bool {
        let names: [StaticString] = [
            "description", "productCodes", "productCode", "imdsSupport", "bootMode", "value",
        ]
        return names.contains { request.field($0) != nil }
    }

    private static func plainList(
        _ request: JSONValue,
        _ unread: inout UnreadGrantees
    ) -> [Grantee] {
        var grantees: Set<Grantee> = []
        func take(_ names: [StaticString], _ inner: StaticString, _ make: (JSONValue) -> Grantee?) {
            for name in names {
                for item in request.field(name).list {
                    if let grantee = make(item.field(inner) ?? item) {
                        grantees.insert(grantee)
                    } else {
                        unread.note(item)
                    }
                }
            }
        }
        take(["userIdSet", "userIds", "userId"], "userId") { $0.account.map { .account($0) } }
        take(["userGroupSet", "userGroups", "userGroup"], "group") { $0.plain == "all" ? .everyone : nil }
        take(["organizationArnSet", "organizationArns", "organizationArn"], "organizationArn") {
            $0.plain.map { .organization($0) }
        }
        take(
            ["organizationalUnitArnSet", "organizationalUnitArns", "organizationalUnitArn"],
            "organizationalUnitArn"
        ) { $0.plain.map { .organizationalUnit($0) } }
        return grantees.sorted { $0.description.bytesPrecede($1.description) }
    }
}

extension Grantee {
    /// Reads permissions: each is one of four members.
    ///
    /// Those that cannot be read are left out, and noted.
    static func list(_ items: some Sequence<JSONValue>, _ unread: inout UnreadGrantees) -> [Grantee] {
        var grantees: Set<Grantee> = []
        for item in items {
            var isKnown = false
            var isReadable = true
            for (key, value) in item.members {
                if key.isField("userId") {
                    isKnown = true
                    if let account = value.account {
                        grantees.insert(.account(account))
                    } else {
                        isReadable = false
                    }
                } else if key.isField("group") {
                    isKnown = true
                    if value.plain == "all" { grantees.insert(.everyone) } else { isReadable = false }
                } else if key.isField("organizationArn") {
                    isKnown = true
                    if let arn = value.plain {
                        grantees.insert(.organization(arn))
                    } else {
                        isReadable = false
                    }
                } else if key.isField("organizationalUnitArn") {
                    isKnown = true
                    if let arn = value.plain {
                        grantees.insert(.organizationalUnit(arn))
                    } else {
                        isReadable = false
                    }
                }
            }
            if !(isKnown && isReadable) { unread.note(item) }
        }
        return grantees.sorted { $0.description.bytesPrecede($1.description) }
    }
}

/// Grantees that are none of those that AWS knows, as they are written.
struct UnreadGrantees {
    private var shown: [String] = []
    private var count = 0

    private static let most = 3
    private static let length = 120

    mutating func note(_ item: JSONValue) {
        count += 1
        guard shown.count < Self.most else { return }
        let text = item.canonical
        let cut = text.unicodeScalars.prefix(Self.length)
        shown.append(cut.endIndex < text.endIndex ? "\(String(cut))…" : text)
    }

    /// What cannot be read, for people; nil when there is nothing.
    var reason: ExactText? {
        guard count > 0 else { return nil }
        let more = count > shown.count ? ", and \(count - shown.count) more" : ""
        return "a grantee of an unknown shape: \(shown.joined(separator: ", "))\(more)"
    }
}

extension JSONValue {
    /// An account id, also as a number or in its `content` wrapper.
    var account: AccountID? {
        isObject ? AccountID(member("content")) : AccountID(self)
    }
}
